-- A sign of life. Workers that gave none for ten minutes are gone, and so is what they said of themselves.
with gone as (
  delete from public.alert_health dead
  where dead.part like 'worker:%%' and dead.part <> %(part)s and dead.updated_at < now() - interval '10 minutes'
  returning substring(dead.part from length('worker:') + 1) as name
), their_parts as (
  delete from public.alert_health part using gone
  where part.part not like 'worker:%%' and right(part.part, length(gone.name) + 1) = ':' || gone.name
)
insert into public.alert_health as health (part, state, detail, updated_at)
values (%(part)s, %(state)s, %(detail)s::jsonb, now())
on conflict (part) do update
set state = excluded.state, detail = excluded.detail, updated_at = excluded.updated_at
