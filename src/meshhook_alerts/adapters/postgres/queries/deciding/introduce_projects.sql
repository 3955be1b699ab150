-- Gives every project that has signals waiting, or a timer due, its state row, so that it can be taken.
insert into meshhook_alerts.project_state (project_id)
select distinct project_id from meshhook_alerts.signals where project_id > %(nil)s
union
select project_id from meshhook_alerts.timers where due <= clock_timestamp()
on conflict do nothing
