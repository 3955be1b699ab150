-- Runs met by an ordinary event: to be looked at in time, or already expected sooner.
insert into meshhook_alerts.run_watch as watch (run_id, status, look_at)
select * from unnest(string_to_array(%(runs)s, ',')::uuid[], %(statuses)s::text[], %(moments)s::timestamptz[])
on conflict (run_id) do update set look_at = excluded.look_at where watch.look_at is null
