-- Whether there is a signal to decide on.
select exists (
  select 1 from meshhook_alerts.signals where project_id > '00000000-0000-0000-0000-000000000000')
