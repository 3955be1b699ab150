-- When messages to channels that have limits were decided, within the longest of their windows. One that
-- was given up gives its place back.
select channel.id, array(
  select sent.created_at from public.alert_notifications sent
  where sent.channel_id = channel.id and sent.state not in ('rejected', 'expired')
    and sent.reason not in ('test', 'existing')
    and sent.created_at > clock_timestamp() - make_interval(secs => (
      select max((entry ->> 'seconds')::int) from jsonb_array_elements(channel.limits) entry))
  order by sent.created_at desc limit 1000)
from public.alert_channels channel
where channel.project_id = %(project_id)s and channel.limits <> '[]'
