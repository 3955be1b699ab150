-- Q4 poison_job: messages that have been read again; how often is enough, settings say.
with slice as materialized (
  select msg_id, read_ct, enqueued_at, vt, message from pgmq.q_workflow_jobs
  where read_ct > 1 and msg_id > coalesce(%(after)s::text, '0')::bigint
  order by msg_id
  limit %(limit)s
), jobs as (
  select msg_id, read_ct, enqueued_at, vt, message ->> 'attempt' as attempt,
    case when message ->> 'run_id' ~ '^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$'
      then (message ->> 'run_id')::uuid end as run_id
  from slice
), found as (
  select run.project_id, run.id as run_id, run.workflow_id, definition.slug as workflow,
    'msg:workflow_jobs:' || jobs.msg_id || ':poison_job' as ref, coalesce(meshhook_alerts.sane(jobs.enqueued_at), 'epoch') as at,
    jobs.attempt, null::text as error, jobs.read_ct::float8 as measure,
    jobs.vt - interval '30 seconds' as since
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
