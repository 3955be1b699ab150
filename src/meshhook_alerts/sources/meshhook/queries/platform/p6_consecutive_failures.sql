-- P6 consecutive_failures: workflows whose newest failing runs are as many as their settings name,
-- with no other run having succeeded since the oldest of them was recorded.
select wanted.project_id, wanted.slug
from json_to_recordset(%(wanted)s::json) as wanted (project_id uuid, slug text, ids uuid[], number int)
cross join lateral (
  select array_agg(last.run_id) as runs, min(last.failed_at) as since
  from (
    select failure.run_id, min(failure.noticed_at) as failed_at
    from (
      select id, last_failure_at from public.alerts
      where project_id = wanted.project_id and workflow = wanted.slug
        and last_failure_at > now() - interval '30 days'
        and class = 'terminal' and kind <> 'run_canceled'
      order by last_failure_at desc
      limit 100
    ) alert
    cross join lateral (
      select its.id from public.alert_folds its
      where its.alert_id = alert.id and its.run_id is not null
      order by its.decided_for desc
      limit wanted.number * 3
    ) fold
    cross join lateral (
      select its.run_id, its.noticed_at from public.alert_failures its
      where its.fold_id = fold.id and its.run_id is not null and its.withdrawn_at is null
      limit wanted.number * 3
    ) failure
    group by 1
    order by 2 desc
    limit wanted.number
  ) last
) failing
where cardinality(failing.runs) >= wanted.number
  and not exists (
    select 1 from public.workflow_runs run
    where run.project_id = wanted.project_id and run.started_at > failing.since - interval '1 day'
      and run.workflow_id = any (wanted.ids) and run.status = 'succeeded'
      and coalesce(run.finished_at, run.started_at) > failing.since
      and run.id <> all (failing.runs))
