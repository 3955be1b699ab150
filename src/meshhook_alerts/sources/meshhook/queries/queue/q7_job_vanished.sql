-- Q7 job_vanished: last tracked jobs of open runs, without an end, whose message is in neither
-- queue nor archive. Only as far back as archives are kept: MeshHook purges them after 30 days.
with slice as materialized (
  select id, project_id, workflow_id from public.workflow_runs
  where status = 'running' and finished_at is null
    and id > coalesce(%(after)s::text, '00000000-0000-0000-0000-000000000000')::uuid
  order by id
  limit %(limit)s
), found as (
  select slice.project_id, slice.id as run_id, slice.workflow_id, definition.slug as workflow,
    'job:' || job.id || ':job_vanished' as ref, coalesce(meshhook_alerts.sane(job.enqueued_at), 'epoch') as at,
    job.attempt::text as attempt, null::text as error, null::float8 as measure,
    job.enqueued_at + interval '60 seconds' as since
  from slice
  join public.job_tracking job on job.run_id = slice.id
  left join public.workflow_definitions definition on definition.id = slice.workflow_id
  where job.queue_name = 'workflow_jobs' and job.completed_at is null and job.failed_at is null
    and job.moved_to_dlq_at is null
    and job.enqueued_at between now() - interval '29 days' and now() - interval '60 seconds'
    and not exists (select 1 from pgmq.q_workflow_jobs message where message.msg_id = job.msg_id)
    and not exists (select 1 from pgmq.a_workflow_jobs message where message.msg_id = job.msg_id)
    and not exists (
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
