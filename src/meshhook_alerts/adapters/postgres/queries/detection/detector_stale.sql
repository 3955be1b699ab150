-- P11 detector_stale: sweeps that have not finished for longer than they may, counted from when
-- somebody was there to watch at the earliest.
select watched.name, extract(epoch from now() - sweep.finished_at)::float8 as seconds
from json_to_recordset(%(sweeps)s::json) as watched (name text, patience float8)
left join meshhook_alerts.sweeps sweep on sweep.name = watched.name
where greatest(coalesce(sweep.finished_at, '-infinity'), %(watching_since)s::timestamptz)
  < now() - make_interval(secs => watched.patience)
