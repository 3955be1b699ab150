-- Channels of a project that the caller may see, without their secrets.
select id, name, kind, enabled, version, config, secret_names, limits
from public.alert_channels where project_id = %(project_id)s order by name
