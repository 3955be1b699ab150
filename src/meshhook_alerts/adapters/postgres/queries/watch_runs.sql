-- Remembers when to look at runs again; forgets those that are settled or gone.
with looked as (
  select * from json_to_recordset(%(watches)s::json) as watch (run_id uuid, status text, look_at timestamptz, reported boolean)
), forgotten as (
  delete from meshhook_alerts.run_watch
  where run_id = any (string_to_array(%(forget)s, ',')::uuid[])
)
insert into meshhook_alerts.run_watch as watch (run_id, status, look_at, reported)
select run_id, status, look_at, reported from looked
on conflict (run_id) do update set status = excluded.status, look_at = excluded.look_at, reported = excluded.reported
