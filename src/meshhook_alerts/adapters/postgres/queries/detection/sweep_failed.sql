-- A slice that failed is tried again with half as many rows, and each time after a longer pause. What
-- is wrong stands in alert_health until it is over.
with failed as (
  update meshhook_alerts.sweeps
  set failures = failures + 1, trouble = %(trouble)s,
      slice = greatest(1, coalesce(slice, %(rows)s::int) / 2),
      due_at = clock_timestamp()
        + make_interval(secs => least(%(interval)s::float8 * power(2, least(failures, 10)), 300))
  where name = %(name)s
  returning greatest(extract(epoch from due_at - clock_timestamp()), 0)::float8 as wait, slice
), said as (
  insert into public.alert_health (part, state, detail, updated_at)
  select 'sweep:' || %(name)s, 'failing',
         jsonb_build_object('why', %(trouble)s::text, 'rows_at_a_time', slice), now()
  from failed
  on conflict (part) do update
    set state = excluded.state, detail = excluded.detail, updated_at = excluded.updated_at
)
select wait from failed
