-- Sealed secrets of a channel that the caller has just saved.
update public.alert_channels set secrets = %(sealed)s where id = %(channel_id)s returning id
