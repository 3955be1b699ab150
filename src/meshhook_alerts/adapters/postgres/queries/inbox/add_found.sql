-- Adds what sweeps found and what is neither waiting nor recorded, and wakes a sleeping worker. A
-- trigger's own signal of the same reference knows one event only; the sweep has seen the whole run,
-- so its word takes the place of one that is still undecided.
with added as (
  insert into meshhook_alerts.signals as signals
    (project_id, source, observed, source_ref, source_time, run_id, workflow_id, workflow, node_id,
     node_type, attempt, http_status, error, labels)
  select distinct on (project_id, ref, at) project_id, 'meshhook', kind, ref, at, run_id, workflow_id, workflow, left(node_id, 200),
         left(node_type, 100), left(attempt, 20), left(http_status, 20), left(error, 2000), labels
  from json_to_recordset(%(found)s::json) as found (
    project_id uuid, kind text, ref text, at timestamptz, run_id uuid, workflow_id uuid,
    workflow text, node_id text, node_type text, attempt text, http_status text, error text,
    labels jsonb)
  where not exists (
    select 1 from public.alert_failures known
    where known.project_id = found.project_id and known.source_ref = found.ref
      and known.source_time = found.at)
  on conflict (project_id, source_ref, source_time) do update
    set observed = excluded.observed, error = excluded.error, labels = excluded.labels
    where signals.observed = 'step_failed'
  returning run_id
), total as (
  select array_agg(run_id) as added from added
)
select added,
  case when added is not null and pg_try_advisory_xact_lock_shared(7241150193621)
    then pg_notify('meshhook_alerts', '') end
from total
