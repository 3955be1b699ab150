-- Finds the project of signals whose trigger could not see it.
update meshhook_alerts.signals signal
set project_id = run.project_id, workflow_id = run.workflow_id
from public.workflow_runs run
where signal.project_id = %(nil)s and run.id = signal.run_id
  and not exists (
    select 1 from meshhook_alerts.signals twin
    where twin.project_id = run.project_id
      and twin.source_ref = signal.source_ref and twin.source_time = signal.source_time)
