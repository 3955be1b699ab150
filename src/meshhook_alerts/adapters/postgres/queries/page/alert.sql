-- One alert with its evidence, its project's name, and since when each channel knows of it.
select alert.id, alert.project_id, coalesce(project.name, alert.project_id::text) as project,
       alert.workflow, alert.status, alert.severity, alert.kind, alert.class, alert.node_id,
       alert.error_class, alert.evidence, alert.opened_at, alert.last_failure_at, alert.count,
       alert.withdrawn, alert.resolved_at, alert.life
from public.alerts alert left join public.projects project on project.id = alert.project_id
where alert.id = %(id)s
