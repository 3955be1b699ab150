-- The channel that a message went to, and the message's state; nothing unless they belong together.
select channel.id, sent.project_id, channel.name, channel.kind, channel.enabled, channel.config, channel.secrets
from public.alert_notifications sent
join public.alert_channels channel on channel.id = sent.channel_id
where sent.id = %(notification_id)s and channel.id = %(channel_id)s
