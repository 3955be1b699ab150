-- Dead-lettered jobs of which the trigger could say nothing; looked for as failed_runs.sql does.
with turn as (
  select coalesce((position ->> 'upto')::timestamptz, (select min(applied_at) from meshhook_alerts.migrations))
         - interval '10 minutes' as since
  from meshhook_alerts.sweeps
  where name = 'dead_letters'
    and (finished_at is null or finished_at < clock_timestamp() - make_interval(secs => %(pause)s))
  for update skip locked
), dead as (
  select job.run_id, job.attempt, job.error_message, job.moved_to_dlq_at, run.project_id, run.workflow_id,
         'job:' || job.id || ':dead' as source_ref
  from turn, public.job_tracking job join public.workflow_runs run on run.id = job.run_id
  where job.moved_to_dlq_at >= turn.since
), missed as materialized (
  select * from dead
  where not exists (
      select 1 from public.alert_failures known
      where known.project_id = dead.project_id and known.source_ref = dead.source_ref
        and known.source_time = dead.moved_to_dlq_at)
    and not exists (
      select 1 from meshhook_alerts.signals waiting
      where waiting.project_id = dead.project_id and waiting.source_ref = dead.source_ref
        and waiting.source_time = dead.moved_to_dlq_at)
  limit %(limit)s
), added as (
  insert into meshhook_alerts.signals
    (project_id, source, observed, source_ref, source_time, run_id, workflow_id, attempt, error)
  select project_id, 'meshhook', 'dead_letter', source_ref, moved_to_dlq_at, run_id, workflow_id,
         left(attempt::text, 20), left(error_message, 2000)
  from missed
  on conflict do nothing
  returning 1
), moved as (
  update meshhook_alerts.sweeps sweep
  set finished_at = clock_timestamp(), position = jsonb_build_object('upto', now())
  from turn
  where sweep.name = 'dead_letters' and (select count(*) from missed) < %(limit)s
)
select (select count(*) from added) as added, (select count(*) from missed) as examined
