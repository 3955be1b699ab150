-- Channels of a project that the caller may see, without their secrets.
-- What it answers is shown while it takes no messages.
select channel.id, name, kind, enabled, version, config, secret_names,
       health.failing_since, case when health.failing_since is not null then health.detail end
from public.alert_channels channel
left join meshhook_alerts.channel_health health on health.channel_id = channel.id
where channel.project_id = %(project_id)s order by name
