-- Says in alert_health how a sweep is doing; a row changes only when that does.
insert into public.alert_health as health (part, state, detail, updated_at)
values ('sweep:' || %(name)s, %(state)s, %(detail)s::jsonb, now())
on conflict (part) do update
set state = excluded.state, detail = excluded.detail, updated_at = excluded.updated_at
where (health.state, health.detail) is distinct from (excluded.state, excluded.detail)
