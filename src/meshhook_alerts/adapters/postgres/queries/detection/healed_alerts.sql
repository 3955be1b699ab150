-- Open alerts of workflows of which a run has ended clean that began after the alert's last failure.
with clean as (
  select * from json_to_recordset(%(runs)s::json) as run (project_id uuid, workflow text, run_id uuid, started_at timestamptz)
)
select distinct on (alert.id) alert.project_id, alert.id, clean.run_id
from public.alerts alert
join clean on clean.project_id = alert.project_id and clean.workflow = alert.workflow
where alert.status <> 'resolved' and clean.started_at > alert.last_failure_at
  and not exists (  -- nor was any recorded since, however long before it had happened
    select 1 from public.alert_folds fold
    join public.alert_failures failure on failure.fold_id = fold.id
    where fold.alert_id = alert.id and not fold.evidence
      and fold.decided_for >= date_trunc('second', clean.started_at)
      and failure.noticed_at >= clean.started_at)
  and alert.kind = any (string_to_array(%(kinds)s, ','))
