-- The alerts that these fingerprints or ids belong to: the open one, else the one that ended last
-- and may open again; if something explains runs that never started, also those of such runs. Each row, and one by itself if there is none, also names the kinds
-- of the project's open alerts that explain others.
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
  array(
    select distinct kind from public.alerts
    where project_id = %(project_id)s and kind in ('fleet_silent', 'partition_missing', 'queue_lag', 'queue_stuck')
      and status <> 'resolved'
  ) as larger,
  id, project_id, fingerprint, status, severity, opened_at, last_failure_at, count, told,
  kind, withdrawn, resolved_at,
  array(select planned.channel_id from public.alert_notifications planned
        where planned.alert_id = found.id and planned.state = 'pending') as under_way,
  count_before, volume, life
from (select) as always left join found on true
order by id
