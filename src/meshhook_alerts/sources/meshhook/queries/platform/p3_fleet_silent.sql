-- P3 fleet_silent: when a worker last gave a sign of life, and how many runs of which projects have been
-- accepted since then and should have been taken up by now, but for those known before. Walks back over the newest events by id and
-- stops at the first sign of life; other indexes begin with the run.
with worked as (
  select id, ts
  from (select id, ts, type from public.workflow_events order by id desc limit %(events)s) newest
  where type <> 'run_created'
  limit 1
), waiting as (
  select run.project_id, count(distinct run.id)::int as runs
  from (
    select run_id, ts, type from public.workflow_events
    where id > coalesce((select id from worked), 0)
    order by id desc
    limit %(events)s
  ) since
  join public.workflow_runs run on run.id = since.run_id
  where since.type = 'run_created' and since.ts > now() - interval '1 day'
    and since.ts <= now() - make_interval(secs => %(grace)s)
    and run.status = 'running' and run.finished_at is null
    and since.ts + make_interval(secs => %(grace)s) > (select attached_at from meshhook_alerts.attachment)
    and not exists (
      select 1 from meshhook_alerts.run_verdicts verdict
      where verdict.run_id = run.id and verdict.fold_id is null)
  group by 1
)
select worked.ts as worked_at, waiting.project_id, waiting.runs
from (select) as always
left join worked on true
left join waiting on true
