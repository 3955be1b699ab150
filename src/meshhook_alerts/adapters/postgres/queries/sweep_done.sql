-- Remembers how far a sweep has come.
update meshhook_alerts.sweeps
set position = %(position)s::jsonb, finished_at = clock_timestamp()
where name = %(name)s
