-- Gives every project that has signals waiting its state row, so that it can be taken.
insert into meshhook_alerts.project_state (project_id)
select distinct project_id from meshhook_alerts.signals where project_id > %(nil)s
on conflict do nothing
