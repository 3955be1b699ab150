-- Adds reported failures that are neither waiting nor recorded, and wakes a sleeping worker.
with added as (
  insert into meshhook_alerts.signals
    (project_id, source, observed, source_ref, source_time, run_id, workflow, node_id, node_type,
     http_status, error, labels)
  select project_id, 'api', kind, 'api:' || id, occurred_at, run_id, workflow, node_id, node_type,
         http_status, error, labels
  from json_to_recordset(%(failures)s::json) as failure (
    id text, project_id uuid, kind text, occurred_at timestamptz, workflow text, node_id text,
    node_type text, run_id uuid, error text, http_status text, labels jsonb)
  where not exists (
    select 1 from public.alert_failures known
    where known.project_id = failure.project_id and known.source_ref = 'api:' || failure.id
      and known.source_time = failure.occurred_at)
  on conflict do nothing
  returning 1
), total as (
  select count(*) as added from added
)
select added,
  case when added > 0 and pg_try_advisory_xact_lock_shared(7241150193621)
    then pg_notify('meshhook_alerts', '') end
from total
