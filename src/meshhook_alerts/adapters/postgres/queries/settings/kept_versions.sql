-- What a place's settings said, the newest first; all of it, since any may be restored.
select version, document, changed_at, changed_by, settings_version
from public.alert_settings_versions
where project_id = %(project_id)s and workflow is not distinct from %(workflow)s
order by version desc
