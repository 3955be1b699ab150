-- Q5 job_lost: messages archived over 60 s ago whose run is open and which nothing carries on: no
-- message, no dead letter, no later attempt, none that ended. Goes through the archive once; the
-- 60 s are also the time that late commits have.
with slice as materialized (
  select msg_id, archived_at, message from pgmq.a_workflow_jobs
  where archived_at < now() - interval '60 seconds'
    and (archived_at, msg_id) > (split_part(coalesce(%(after)s::text, '-infinity|0'), '|', 1)::timestamptz,
                                 split_part(coalesce(%(after)s::text, '-infinity|0'), '|', 2)::bigint)
  order by archived_at, msg_id
  limit %(limit)s
), jobs as (
  select msg_id, archived_at, message ->> 'attempt' as attempt,
    case when message ->> 'run_id' ~ '^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$'
      then (message ->> 'run_id')::uuid end as run_id
  from slice
), found as (
  select run.project_id, run.id as run_id, run.workflow_id, definition.slug as workflow,
    'msg:workflow_jobs:' || jobs.msg_id || ':job_lost' as ref, coalesce(meshhook_alerts.sane(jobs.archived_at), 'epoch') as at,
    jobs.attempt, null::text as error, null::float8 as measure,
    jobs.archived_at + interval '60 seconds' as since
  from jobs
  join public.workflow_runs run on run.id = jobs.run_id
  left join public.workflow_definitions definition on definition.id = run.workflow_id
  where run.status = 'running' and run.finished_at is null
    and not exists (
      select 1 from public.job_tracking job
      where job.run_id = run.id and job.queue_name = 'workflow_jobs'
        and (job.msg_id > jobs.msg_id or job.completed_at is not null or job.moved_to_dlq_at is not null))
    and not exists (select 1 from pgmq.q_workflow_jobs next where next.message ->> 'run_id' = run.id::text)
    and not exists (select 1 from pgmq.q_workflow_jobs_dlq letter where letter.message ->> 'run_id' = run.id::text)
    and not exists (
      select 1 from pgmq.a_workflow_jobs next
      where next.archived_at between jobs.archived_at and jobs.archived_at + interval '1 hour'
        and next.msg_id > jobs.msg_id and next.message ->> 'run_id' = run.id::text)
)
select seen.examined, seen.last, news.*
from (
  select count(*)::int as examined,
    (array_agg(to_char(archived_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') || '|' || msg_id
               order by archived_at desc, msg_id desc))[1] as last
  from slice
) seen
left join (
  select found.* from found
  where since > (select attached_at from meshhook_alerts.attachment) and not exists (
    select 1 from public.alert_failures known
    where known.project_id = found.project_id and known.source_ref = found.ref
      and known.source_time = found.at)
) news on true
