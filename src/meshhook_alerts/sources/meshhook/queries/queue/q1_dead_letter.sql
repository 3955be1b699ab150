-- Q1 dead_letter: jobs in the dead-letter queue, once per run and message that failed.
with slice as materialized (
  select msg_id, enqueued_at, message from pgmq.q_workflow_jobs_dlq
  where msg_id > coalesce(%(after)s::text, '0')::bigint
  order by msg_id
  limit %(limit)s
), letters as (
  select msg_id, enqueued_at, message ->> 'attempt' as attempt, message ->> 'error_message' as error,
    case when message ->> 'run_id' ~ '^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$'
      then (message ->> 'run_id')::uuid end as run_id,
    case when message ->> 'original_msg_id' ~ '^[0-9]{1,19}$' then message ->> 'original_msg_id' end as original
  from slice
), found as (
  select run.project_id, run.id as run_id, run.workflow_id, definition.slug as workflow,
    coalesce('dlq:' || run.id || ':' || letters.original,
             'msg:workflow_jobs_dlq:' || letters.msg_id || ':dead_letter') as ref,
    coalesce(meshhook_alerts.sane(run.started_at), 'epoch') as at, letters.attempt, letters.error, null::float8 as measure,
    letters.enqueued_at as since
  from letters
  join public.workflow_runs run on run.id = letters.run_id
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
