-- One message per channel about what was known before; a channel that has had it gets it no second time.
with planned as (
  insert into public.alert_notifications
    (id, project_id, alert_id, fold_id, channel_id, reason, severity, content, template_version, deadline_at)
  select id, %(project_id)s, %(alert_id)s, %(alert_id)s, channel_id, 'existing', 'warning',
         %(content)s::jsonb, %(version)s, now() + interval '6 hours'
  from rows from (unnest(%(ids)s::uuid[]), unnest(%(channels)s::uuid[])) as message (id, channel_id)
  on conflict (id) do nothing
  returning id, project_id, alert_id, channel_id, severity
), ledger as (
  insert into public.alert_logs (project_id, at, alert_id, effect, reason, count, severity, channel_id, channel, notification_id)
  select planned.project_id, now(), planned.alert_id, 'told', 'existing', %(runs)s, planned.severity,
         planned.channel_id, message.name, planned.id
  from planned join rows from (unnest(%(ids)s::uuid[]), unnest(%(names)s::text[])) as message (id, name)
    on message.id = planned.id
), queued as (
  select pgmq.send('meshhook_alerts', jsonb_build_object('notification', id)) from planned
)
select count(*)::int as told from queued
