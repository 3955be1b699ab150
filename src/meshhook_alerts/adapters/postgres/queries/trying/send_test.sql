-- Queues a test message, unless one was queued a moment ago.
with recent as (
  select 1 from public.alert_notifications
  where project_id = %(project_id)s and channel_id = %(channel_id)s and reason = 'test'
    and created_at > now() - interval '5 seconds'
), planned as (
  insert into public.alert_notifications
    (id, project_id, alert_id, fold_id, channel_id, reason, severity, content, template_version, deadline_at)
  select %(id)s, %(project_id)s, %(alert_id)s, %(alert_id)s, %(channel_id)s, 'test', 'info',
         %(content)s::jsonb, %(version)s, now() + interval '2 minutes'
  where not exists (select 1 from recent)
  returning id, project_id, alert_id, channel_id
), ledger as (
  insert into public.alert_logs (project_id, at, alert_id, effect, reason, count, severity, channel_id, channel, notification_id)
  select planned.project_id, now(), planned.alert_id, 'told', 'test', 0, 'info', planned.channel_id, %(channel)s, planned.id
  from planned
), queued as (
  select pgmq.send('meshhook_alerts', jsonb_build_object('notification', id)) from planned
)
select (select count(*) from queued)::int as queued, exists (
  select 1 from public.alert_health where part like 'worker:%%' and state = 'working'
    and updated_at > now() - interval '30 seconds') as worker
