-- Whether there is a signal or an act to decide on, or a timer is due.
select exists (
  select 1 from meshhook_alerts.signals where project_id > '00000000-0000-0000-0000-000000000000')
  or exists (select 1 from meshhook_alerts.acts)
  or exists (select 1 from meshhook_alerts.timers where due <= clock_timestamp())
