-- The ledger. (See list.sql.)
select log.id, log.project_id, log.at, log.logged_at, log.alert_id, log.effect, log.reason, log.count,
       log.severity, log.rule, log.channel_id, log.channel, log.notification_id, log.blocked_by, log.eligible_at,
       log.settings_version
from public.alert_logs log
where /*where*/ true
