-- Ends a silence now. One that has not begun yet loses its span, but for an instant.
update public.alert_silences
set ends_at = least(ends_at, greatest(now(), starts_at + interval '1 microsecond'))
where id = %(id)s
returning id, project_id, matchers, starts_at, ends_at, reason, created_at, created_by
