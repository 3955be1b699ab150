-- Runs of the events that are new to us: those of a stretch of ids, and what came late into
-- stretches read before. Said of each: whether its events tell of more than an ordinary course, whether
-- it has completed, and what is remembered of it.
with fresh as materialized (
  select run_id, type, ts from public.workflow_events
  where id > %(after)s and id <= %(upto)s
  union all
  select event.run_id, event.type, event.ts
  from json_to_recordset(%(late)s::json) as late (after bigint, upto bigint, snapshot text)
  cross join lateral (
    select run_id, type, ts, xmin::text::bigint as writer from public.workflow_events
    where id > late.after and id <= late.upto
    offset 0
  ) event
  cross join lateral (  -- numbers of transactions have 64 bits, those in rows the lower 32
    select pg_snapshot_xmax(late.snapshot::pg_snapshot)::text::bigint as next
  ) ahead
  cross join lateral (
    select event.writer + ((ahead.next >> 32) << 32) as guess
  ) guessed
  where not pg_visible_in_snapshot(
    (case when guess > ahead.next + 2147483648 then guess - 4294967296 else guess end)::text::xid8,
    late.snapshot::pg_snapshot)
), runs as (
  select run_id, count(*) as events,
    bool_or(type not in ('run_created', 'step_started', 'http_attempted', 'step_succeeded', 'run_completed')) as notable,
    bool_or(type = 'run_completed') as completed,
    least(max(meshhook_alerts.sane(ts)), now()) as last_at
  from fresh
  group by run_id
)
select runs.run_id, runs.events::int, run.project_id, run.status, definition.slug, last_at,
  runs.notable or coalesce(watch.reported, false) or verdict.run_id is not null as at_once,
  runs.completed or run.status <> 'running' as completed,
  watch.look_at is not null as expected,
  verdict.run_id is not null and verdict.fold_id is null as known
from runs
join public.workflow_runs run on run.id = runs.run_id
left join public.workflow_definitions definition on definition.id = run.workflow_id
left join meshhook_alerts.run_watch watch on watch.run_id = runs.run_id
left join meshhook_alerts.run_verdicts verdict on verdict.run_id = runs.run_id
