-- Settings documents of a project that the caller may see.
select workflow, version, document from public.alert_settings where project_id = %(project_id)s
