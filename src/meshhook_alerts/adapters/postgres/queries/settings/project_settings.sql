-- The settings documents of a project: its own (workflow null) and its workflows'.
select workflow, document from public.alert_settings where project_id = %(project_id)s
