-- Q8 untracked_job: messages older than 60 s without their row in job_tracking. Replayed ones never
-- get a row, which is as MeshHook means it. The row is looked up for one message at a time: a join
-- would read the whole of job_tracking.
with slice as materialized (
  select msg_id, enqueued_at, message from pgmq.q_workflow_jobs
  where msg_id > coalesce(%(after)s::text, '0')::bigint
  order by msg_id
  limit %(limit)s
), jobs as (
  select msg_id, enqueued_at, message ->> 'attempt' as attempt,
    case when message ->> 'run_id' ~ '^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$'
      then (message ->> 'run_id')::uuid end as run_id
  from slice
  where enqueued_at < now() - interval '60 seconds' and not message ? 'replayed_from_dlq'
    and (select job.id from public.job_tracking job
         where job.msg_id = slice.msg_id and job.queue_name = 'workflow_jobs' limit 1) is null
), found as (
  select run.project_id, run.id as run_id, run.workflow_id, definition.slug as workflow,
    'msg:workflow_jobs:' || jobs.msg_id || ':untracked_job' as ref, coalesce(meshhook_alerts.sane(jobs.enqueued_at), 'epoch') as at,
    jobs.attempt, null::text as error, null::float8 as measure,
    jobs.enqueued_at + interval '60 seconds' as since
  from jobs
  join public.workflow_runs run on run.id = jobs.run_id
  left join public.workflow_definitions definition on definition.id = run.workflow_id
)
select seen.examined, seen.last, news.*
from (select count(*)::int as examined, max(msg_id)::text as last from slice) seen
left join (
  select found.* from found
  where since > (select attached_at from meshhook_alerts.attachment) and not exists (
    select 1 from public.alert_failures known
    where known.project_id = found.project_id and known.source_ref = found.ref
      and known.source_time = found.at)
) news on true
