-- Q2 dead_letter_history: open runs whose last tracked job was moved to the dead-letter queue,
-- even if the letter has been purged or replayed since.
with slice as materialized (
  select id, project_id, workflow_id, started_at from public.workflow_runs
  where status = 'running' and finished_at is null
    and id > coalesce(%(after)s::text, '00000000-0000-0000-0000-000000000000')::uuid
  order by id
  limit %(limit)s
), found as (
  select slice.project_id, slice.id as run_id, slice.workflow_id, definition.slug as workflow,
    'dlq:' || slice.id || ':' || job.msg_id as ref, coalesce(meshhook_alerts.sane(slice.started_at), 'epoch') as at,
    job.attempt::text as attempt, job.error_message as error, null::float8 as measure,
    job.moved_to_dlq_at as since
  from slice
  join public.job_tracking job on job.run_id = slice.id and job.moved_to_dlq_at is not null
  left join public.workflow_definitions definition on definition.id = slice.workflow_id
  where not exists (
    select 1 from public.job_tracking later
    where later.run_id = job.run_id and later.queue_name = job.queue_name and later.msg_id > job.msg_id)
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
