-- The sealed secrets of channels that the caller has been seen to have.
select name, id, kind, config, secrets from public.alert_channels where id = any (%(ids)s)
