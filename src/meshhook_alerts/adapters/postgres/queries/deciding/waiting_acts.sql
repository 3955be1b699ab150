-- What people want of the taken project's alerts, the oldest first; with each alert's fingerprint.
select act.id, act.kind, act.alert_id, act.at, act.by_name, act.until, act.until_changed, act.failures,
       coalesce(alert.fingerprint, '')
from meshhook_alerts.acts act
left join public.alerts alert on alert.id = act.alert_id and alert.project_id = act.project_id
where act.project_id = nullif(current_setting('meshhook_alerts.project', true), '')::uuid
order by act.at
limit %(limit)s
