-- Whether an alert is open that explains every "never started" of the project.
select exists (
  select 1 from public.alerts
  where project_id = %(project_id)s and kind = 'fleet_silent' and status <> 'resolved')
