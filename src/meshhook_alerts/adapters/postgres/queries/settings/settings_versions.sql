-- The versions of projects' settings; a project without a row has never had any.
select project_id, settings_version from meshhook_alerts.project_state
where project_id = any (string_to_array(%(projects)s, ',')::uuid[])
