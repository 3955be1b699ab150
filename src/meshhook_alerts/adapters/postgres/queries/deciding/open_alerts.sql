-- The alerts that these fingerprints or ids belong to: the open one, else the one that ended last
-- and may open again; if something explains runs that never started, also those of such runs. Each row, and one by itself if there is none, also says whether an alert is
-- open that explains every "never started" of the project.
with found as (
  select alert.*
  from string_to_table(%(fingerprints)s, ',') as wanted (fingerprint)
  cross join lateral (
    (select * from public.alerts
     where project_id = %(project_id)s and fingerprint = wanted.fingerprint and status <> 'resolved'
     limit 1)  -- there is one at most; said here, it makes the planner look each up in its index
    union all
    (select * from public.alerts
     where project_id = %(project_id)s and fingerprint = wanted.fingerprint and status = 'resolved'
       and resolved_at > now() - interval '30 days'
     order by resolved_at desc limit 1)
  ) alert
  union all
  select * from public.alerts
  where project_id = %(project_id)s and id = any (string_to_array(%(alert_ids)s, ',')::uuid[])
  union all
  (select * from public.alerts
   where %(explaining)s and project_id = %(project_id)s and kind = 'never_started'
     and status <> 'resolved'
   order by last_failure_at desc limit 100)
)
select distinct on (id)
  exists (
    select 1 from public.alerts
    where project_id = %(project_id)s and kind = 'fleet_silent' and status <> 'resolved'
  ) as fleet_silent,
  id, project_id, fingerprint, status, severity, opened_at, last_failure_at, count, told,
  kind, withdrawn, resolved_at,
  array(select planned.channel_id from public.alert_notifications planned
        where planned.alert_id = found.id and planned.state = 'pending') as under_way,
  count_before, volume
from (select) as always left join found on true
order by id
