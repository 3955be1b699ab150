-- Leaves a project that could not be decided on alone for a while.
update meshhook_alerts.project_state
set postponed_until = clock_timestamp() + make_interval(secs => %(seconds)s)
where project_id = %(project_id)s
