-- One alert with its evidence and its version.
select alert.id, alert.project_id, alert.workflow, alert.node_id, alert.kind, alert.class as failure_class,
       alert.severity, alert.status, alert.error, alert.error_class, alert.count, alert.withdrawn,
       alert.opened_at, alert.last_failure_at, alert.resolved_at, alert.updated_at, alert.life,
       alert.evidence ->> 'sample' as sample, alert.evidence,
       (extract(epoch from alert.updated_at) * 1000000)::bigint::text as version
from public.alerts alert where alert.id = %(id)s
