-- Creates or changes a channel, but for its secrets.
insert into public.alert_channels as channel (project_id, name, kind, config, secret_names, enabled, limits)
values (%(project_id)s, %(name)s, %(kind)s, %(config)s::jsonb, %(secret_names)s, %(enabled)s, %(limits)s::jsonb)
on conflict (project_id, name) do update
set kind = excluded.kind, config = excluded.config, secret_names = excluded.secret_names,
    enabled = excluded.enabled, limits = excluded.limits, version = channel.version + 1, updated_at = now()
returning id
