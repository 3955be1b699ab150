-- The catch-all: open runs without an event for longer than their stall limit, a slice at a time.
-- The signal bears the last event's own reference, so what a trigger has told already stays one
-- failure. One worker at a time: the others find the sweep's row locked and get nothing.
with turn as (
  select position from meshhook_alerts.sweeps where name = 'silent_runs' for update skip locked
), slice as materialized (
  select run.id, run.project_id, run.workflow_id, coalesce(run.started_at, 'epoch') as started_at
  from public.workflow_runs run, turn
  where run.status = 'running' and run.finished_at is null
    and (turn.position is null or run.id > (turn.position ->> 'after')::uuid)
  order by run.id
  limit %(limit)s
), oldest_partition as (
  select min(substring(pg_get_expr(part.relpartbound, part.oid) from $$FROM \('([^']+)'\)$$)::timestamptz) as begins
  from pg_inherits join pg_class part on part.oid = inhrelid
  where inhparent = to_regclass('public.workflow_events')
), examined as (
  select slice.*, definition.slug, last.id as event_id, last.ts, last.type, last.payload,
    make_interval(secs => coalesce(
      case when jsonb_typeof(own.document -> 'stall_after_seconds') = 'number' then (own.document ->> 'stall_after_seconds')::float end,
      case when jsonb_typeof(general.document -> 'stall_after_seconds') = 'number' then (general.document ->> 'stall_after_seconds')::float end,
      %(stall_after)s)) as patience
  from slice
  left join public.workflow_definitions definition on definition.id = slice.workflow_id
  left join public.alert_settings own on own.project_id = slice.project_id and own.workflow = definition.slug
  left join public.alert_settings general on general.project_id = slice.project_id and general.workflow is null
  left join lateral (
    select event.id, event.ts, event.type, event.payload from public.workflow_events event
    where event.run_id = slice.id order by event.ts desc, event.id desc limit 1
  ) last on true
), silent as (
  select examined.*,
    case when event_id is null then 'run:' || id || ':no_events' else 'event:' || event_id end as source_ref,
    coalesce(ts, started_at) as source_time
  from examined, oldest_partition
  where coalesce(ts, started_at) < now() - patience
    and (event_id is not null or oldest_partition.begins is null or started_at >= oldest_partition.begins)
), added as (
  insert into meshhook_alerts.signals
    (project_id, source, observed, source_ref, source_time, run_id, workflow_id, node_id, node_type,
     attempt, error, labels)
  select project_id, 'meshhook', 'silent', source_ref, source_time, id, workflow_id,
         left(payload #>> '{node,id}', 200), left(payload #>> '{node,type}', 100),
         left(payload ->> 'attempt', 20), left(payload ->> 'error', 2000),
         jsonb_strip_nulls(jsonb_build_object('last_event', left(type, 100)))
  from silent
  where not exists (
    select 1 from public.alert_failures known
    where known.project_id = silent.project_id and known.source_ref = silent.source_ref
      and known.source_time = silent.source_time)
  on conflict do nothing
  returning 1
), moved as (
  update meshhook_alerts.sweeps sweep
  set finished_at = clock_timestamp(),
      position = case when (select count(*) from slice) = %(limit)s
        then jsonb_build_object('after', (select (array_agg(id order by id desc))[1] from slice)) end
  from turn
  where sweep.name = 'silent_runs'
)
select (select count(*) from added) as added, (select count(*) from slice) as examined
