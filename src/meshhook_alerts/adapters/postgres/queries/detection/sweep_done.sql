-- Remembers how far a sweep has come, and when it is due again. After trouble a slice grows back.
update meshhook_alerts.sweeps
set position = %(position)s::jsonb,
    finished_at = case when %(wait)s::float8 > 0 then clock_timestamp() else finished_at end,
    due_at = clock_timestamp() + make_interval(secs => %(wait)s::float8),
    took_ms = %(took_ms)s::float8, failures = 0, trouble = null,
    slice = nullif(least(slice * 2, %(rows)s::int), %(rows)s::int)
where name = %(name)s
