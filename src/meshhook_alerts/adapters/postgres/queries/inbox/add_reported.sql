-- Adds reported failures that are neither waiting nor recorded, and wakes a sleeping worker. One
-- that was nobody's when it came first is not added again for the project found since.
with report as (
  select *, 'api:' || id as source_ref
  from json_to_recordset(%(failures)s::json) as report (
    id text, project_id uuid, kind text, occurred_at timestamptz, workflow text, workflow_id uuid,
    node_id text, node_type text, run_id uuid, error text, http_status text, labels jsonb)
), added as (
  insert into meshhook_alerts.signals
    (project_id, source, observed, source_ref, source_time, run_id, workflow, workflow_id, node_id,
     node_type, http_status, error, labels)
  select project_id, 'api', kind, source_ref, occurred_at, run_id, workflow, workflow_id, node_id,
         node_type, http_status, error, labels
  from report
  where not exists (
    select 1 from public.alert_failures known
    where known.project_id in (report.project_id, %(nobody)s)
      and known.source_ref = report.source_ref and known.source_time = report.occurred_at)
  and not exists (
    select 1 from meshhook_alerts.signals waiting
    where waiting.project_id = %(nobody)s
      and waiting.source_ref = report.source_ref and waiting.source_time = report.occurred_at)
  on conflict do nothing
  returning 1
), total as (
  select count(*) as added from added
)
select added,
  case when added > 0 and pg_try_advisory_xact_lock_shared(7241150193621)
    then pg_notify('meshhook_alerts', '') end
from total
