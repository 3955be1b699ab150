-- A project's last failures that the caller may see, each with its alert as it is now. (The first columns are those of
-- deciding/last_folds.)
select fold.alert_id, fold.id, fold.project_id, alert.fingerprint, fold.kind, fold.class, fold.severity,
  fold.error, fold.error_class, fold.decided_for, fold.first_at, fold.last_at, fold.count,
  fold.workflow, fold.workflow_version, fold.node_id, fold.node_type, fold.http_status, fold.run_id, fold.sample,
  alert.evidence ->> 'workflow_name', fold.labels,
  alert.status, alert.opened_at, alert.last_failure_at, alert.count
from public.alert_folds fold
join public.alerts alert on alert.id = fold.alert_id
where fold.project_id = %(project_id)s and not fold.evidence
order by fold.decided_for desc
limit %(limit)s
