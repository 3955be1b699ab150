-- Q6 acknowledged_run_open: jobs that count as done while their run is open, with no later job, no
-- message and no event since. How long is long enough, settings say.
with slice as materialized (
  select id, project_id, workflow_id from public.workflow_runs
  where status = 'running' and finished_at is null
    and id > coalesce(%(after)s::text, '00000000-0000-0000-0000-000000000000')::uuid
  order by id
  limit %(limit)s
), done as materialized (
  select slice.project_id, slice.id as run_id, slice.workflow_id, job.id as job_id, job.enqueued_at,
    job.completed_at, job.attempt
  from slice
  join public.job_tracking job on job.run_id = slice.id
  where job.completed_at < now() - interval '10 seconds' and job.queue_name = 'workflow_jobs'
    and job.moved_to_dlq_at is null and job.failed_at is null
    and not exists (
      select 1 from public.job_tracking later
      where later.run_id = job.run_id and later.queue_name = job.queue_name and later.msg_id > job.msg_id)
    and not exists (
      select 1 from public.workflow_events event
      where event.run_id = slice.id and event.ts > job.completed_at)
), found as (
  select done.project_id, done.run_id, done.workflow_id, definition.slug as workflow,
    'job:' || done.job_id || ':acknowledged_run_open' as ref, coalesce(meshhook_alerts.sane(done.enqueued_at), 'epoch') as at,
    done.attempt::text as attempt, null::text as error,
    extract(epoch from now() - done.completed_at)::float8 as measure,
    done.completed_at + interval '60 seconds' as since
  from done
  left join public.workflow_definitions definition on definition.id = done.workflow_id
  where not exists (select 1 from pgmq.q_workflow_jobs next where next.message ->> 'run_id' = done.run_id::text)
)
select seen.examined, seen.last, news.*
from (select count(*)::int as examined, (array_agg(id order by id desc))[1]::text as last from slice) seen
left join (
  select found.* from found
  where since > (select attached_at from meshhook_alerts.attachment) and not exists (
    select 1 from public.alert_failures known
    where known.project_id = found.project_id and known.source_ref = found.ref
      and known.source_time = found.at)
) news on true
