-- The channels of a project, as the service needs them to send.
select id, name, kind, enabled, version, config, secrets, limits
from public.alert_channels where project_id = %(project_id)s order by name
