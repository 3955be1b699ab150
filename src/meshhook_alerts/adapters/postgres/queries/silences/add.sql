-- Adds a silence; the trigger makes workers see it.
insert into public.alert_silences (project_id, matchers, starts_at, ends_at, reason, created_by)
values (%(project_id)s, %(matchers)s::jsonb, %(starts_at)s, %(ends_at)s, %(reason)s, %(by)s)
returning id, project_id, matchers, starts_at, ends_at, reason, created_at, created_by
