-- Dead letters that somebody has put back into the queue: their alerts show that they are being retried,
-- which is no recovery, and should the run fail again, that is news. Each replayed message once.
with slice as materialized (
  select msg_id, message from pgmq.q_workflow_jobs
  where msg_id > coalesce(%(after)s::text, '0')::bigint and message ? 'replayed_from_dlq'
  order by msg_id
  limit %(limit)s
), runs as (
  select distinct (message ->> 'run_id')::uuid as run_id from slice
  where message ->> 'run_id' ~ '^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$'
), freed as (
  delete from meshhook_alerts.run_verdicts verdict using runs
  where verdict.run_id = runs.run_id and verdict.fold_id is not null
  returning verdict.fold_id
), retried as (
  update public.alerts alert set retrying_at = now(), updated_at = now()
  from freed join public.alert_folds fold on fold.id = freed.fold_id
  where alert.id = fold.alert_id and alert.status <> 'resolved'
)
select count(*)::int as examined, max(msg_id)::text as last,
  null::uuid as project_id, null::uuid as run_id, null::uuid as workflow_id, null::text as workflow,
  null::text as ref, null::timestamptz as at, null::text as attempt, null::text as error,
  null::float8 as measure, null::timestamptz as since
from slice
