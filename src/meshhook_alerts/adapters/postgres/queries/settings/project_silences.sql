-- Silences of a project that are on or will be. One that has just ended still explains what it blocked.
select id, matchers, starts_at, ends_at, reason from public.alert_silences
where project_id = %(project_id)s and ends_at > now() - interval '1 day'
order by ends_at limit 200
