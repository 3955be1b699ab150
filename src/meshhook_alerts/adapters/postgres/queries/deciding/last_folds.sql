-- The latest fold of alerts that may be about to end, for the message that says so.
select distinct on (fold.alert_id)
  fold.alert_id, fold.id, fold.project_id, alert.fingerprint, fold.kind, fold.class, fold.severity,
  fold.error, fold.error_class, fold.decided_for, fold.first_at, fold.last_at, fold.count,
  fold.workflow, fold.workflow_version, fold.node_id, fold.node_type, fold.http_status, fold.run_id, fold.sample,
  alert.evidence ->> 'workflow_name', fold.labels
from public.alert_folds fold
join public.alerts alert on alert.id = fold.alert_id
where fold.alert_id = any (string_to_array(%(alert_ids)s, ',')::uuid[])
order by fold.alert_id, fold.evidence, fold.decided_for desc
