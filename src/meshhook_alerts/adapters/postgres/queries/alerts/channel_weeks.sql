-- What became of the messages of each of a project's channels in the last seven days; tests do not count.
select sent.channel_id, count(*) filter (where sent.state = 'delivered')::int as delivered,
       count(*) filter (where sent.state in ('rejected', 'expired'))::int as undelivered,
       max(sent.finished_at) filter (where sent.state = 'delivered') as last_delivered_at
from public.alert_channels channel
join public.alert_notifications sent on sent.channel_id = channel.id
  and sent.created_at > now() - interval '7 days' and sent.reason <> 'test'
where channel.project_id = %(project_id)s
group by sent.channel_id
