-- Runs met by an ordinary event: to be looked at in time, or already expected sooner.
insert into meshhook_alerts.run_watch as watch (run_id, status, look_at)
select run_id, status, look_at
from json_to_recordset(%(runs)s::json) as met (run_id uuid, status text, look_at timestamptz)
on conflict (run_id) do update set look_at = excluded.look_at where watch.look_at is null
