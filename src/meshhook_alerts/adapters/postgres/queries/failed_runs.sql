-- Runs marked failed of which the trigger could say nothing: it was not there, off, or could not
-- write. Looks at what changed since the last look and ten minutes before it, as commits may come
-- late. One worker at a time; while there may be more than the limit, the next look goes on here.
with turn as (
  select coalesce((position ->> 'upto')::timestamptz, (select min(applied_at) from meshhook_alerts.migrations))
         - interval '10 minutes' as since
  from meshhook_alerts.sweeps
  where name = 'failed_runs'
    and (finished_at is null or finished_at < clock_timestamp() - make_interval(secs => %(pause)s))
  for update skip locked
), changed as (
  -- An older schema has no updated_at: there the name means the empty one, and a day is allowed for.
  select run.* from turn, (select null::timestamptz as updated_at) older, lateral (
    select id, project_id, workflow_id, 'run:' || id || ':failed' as source_ref,
           coalesce(started_at, 'epoch') as source_time,
           coalesce(updated_at, finished_at, started_at + interval '1 day') as at
    from public.workflow_runs where status = 'failed'
  ) run
  where at >= since
), missed as materialized (
  select * from changed
  where not exists (
      select 1 from public.alert_failures known
      where known.project_id = changed.project_id and known.source_ref = changed.source_ref
        and known.source_time = changed.source_time)
    and not exists (
      select 1 from meshhook_alerts.signals waiting
      where waiting.project_id = changed.project_id and waiting.source_ref = changed.source_ref
        and waiting.source_time = changed.source_time)
  limit %(limit)s
), added as (
  insert into meshhook_alerts.signals
    (project_id, source, observed, source_ref, source_time, run_id, workflow_id, node_id, node_type,
     attempt, error)
  select project_id, 'meshhook', 'run_failed', source_ref, source_time, id, workflow_id,
         left(step.payload #>> '{node,id}', 200), left(step.payload #>> '{node,type}', 100),
         left(step.payload ->> 'attempt', 20), left(step.payload ->> 'error', 2000)
  from missed left join lateral (
    select event.payload from public.workflow_events event
    where event.run_id = missed.id and event.type = 'step_failed'
    order by event.ts desc, event.id desc limit 1
  ) step on true
  on conflict do nothing
  returning 1
), moved as (
  update meshhook_alerts.sweeps sweep
  set finished_at = clock_timestamp(), position = jsonb_build_object('upto', now())
  from turn
  where sweep.name = 'failed_runs' and (select count(*) from missed) < %(limit)s
)
select (select count(*) from added) as added, (select count(*) from missed) as examined
