-- What acts came to, and how their alerts stand now.
select act.id, act.alert_id, act.outcome, coalesce(alert.status, 'gone'), alert.life ->> 'by',
       (alert.life ->> 'since')::timestamptz, (alert.life ->> 'until')::timestamptz, alert.resolved_at,
       coalesce((extract(epoch from alert.updated_at) * 1000000)::bigint::text, ''),
       alert.life ->> 'closed',
       case when act.outcome = 'followed' then (
         select later.id from public.alerts later
         where later.project_id = alert.project_id and later.fingerprint = alert.fingerprint
           and later.status <> 'resolved'
       ) end
from public.alert_acts act left join public.alerts alert on alert.id = act.alert_id
where act.id = any (string_to_array(%(ids)s, ',')::uuid[])
