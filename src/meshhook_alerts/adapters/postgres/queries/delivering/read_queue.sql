-- Leases due notifications and brings along all that is needed to send them.
with taken as materialized (
  select msg_id, read_ct, (message ->> 'notification')::uuid as notification_id
  from pgmq.read('meshhook_alerts', %(lease)s::integer, %(limit)s::integer)
)
select taken.msg_id, taken.notification_id, planned.project_id, planned.alert_id, planned.severity,
       planned.reason, planned.content, planned.template_version, planned.state, planned.attempts,
       planned.deadline_at, planned.created_at, clock_timestamp() as now, planned.done, thread.reference as thread,
       channel.id as channel_id, channel.name as channel_name, channel.kind as channel_kind,
       channel.enabled as channel_enabled, channel.config, channel.secrets
from taken
left join public.alert_notifications planned on planned.id = taken.notification_id
left join public.alert_channels channel on channel.id = planned.channel_id
left join lateral (
  select first.reference from public.alert_notifications first
  where first.alert_id = planned.alert_id and first.channel_id = planned.channel_id and first.reference is not null
  order by first.created_at limit 1
) thread on true
