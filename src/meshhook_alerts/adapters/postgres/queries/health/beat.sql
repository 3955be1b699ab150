-- A sign of life.
insert into public.alert_health as health (part, state, detail, updated_at)
values (%(part)s, %(state)s, %(detail)s::jsonb, now())
on conflict (part) do update
set state = excluded.state, detail = excluded.detail, updated_at = excluded.updated_at
