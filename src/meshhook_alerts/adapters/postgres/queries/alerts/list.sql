-- Alerts of a search. (The conditions and the order are put in where the text keeps a place for them.)
select alert.id, alert.project_id, alert.workflow, alert.node_id, alert.kind, alert.class as failure_class,
       alert.severity, alert.status, alert.error, alert.error_class, alert.count, alert.withdrawn,
       alert.opened_at, alert.last_failure_at, alert.resolved_at, alert.updated_at, alert.life,
       alert.evidence ->> 'sample' as sample
from public.alerts alert
where /*where*/ true
