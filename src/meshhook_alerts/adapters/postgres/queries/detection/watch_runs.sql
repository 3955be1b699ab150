-- Remembers when to look at runs again; forgets those that are settled or gone.
with forgotten as (
  delete from meshhook_alerts.run_watch
  where run_id = any (string_to_array(%(forget)s, ',')::uuid[])
)
insert into meshhook_alerts.run_watch as watch (run_id, status, look_at, reported)
select run_id, status, look_at, reported
from json_to_recordset(%(watches)s::json) as looked (
  run_id uuid, status text, look_at timestamptz, reported boolean)
on conflict (run_id) do update
set status = excluded.status, look_at = excluded.look_at, reported = excluded.reported
