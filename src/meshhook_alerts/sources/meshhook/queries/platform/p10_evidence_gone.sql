-- P10 evidence_gone: open alerts about a run that has been deleted, in projects that still exist.
select alert.project_id, alert.id as alert_id, alert.workflow
from public.alerts alert
join public.projects project on project.id = alert.project_id
where alert.status <> 'resolved' and alert.kind <> all (string_to_array(%(reported)s, ','))
  and alert.evidence ->> 'run_id' is not null
  and not exists (
    select 1 from public.workflow_runs run where run.id = (alert.evidence ->> 'run_id')::uuid)
order by alert.id
limit 1000
