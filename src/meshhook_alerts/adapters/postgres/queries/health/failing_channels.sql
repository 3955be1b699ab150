-- Channels that take no messages: since when, what they answer, what waits and what was given up.
select channel.name, channel.kind, coalesce(project.name, channel.project_id::text),
       health.failing_since at time zone 'UTC', health.tries, health.detail,
       count(*) filter (where planned.state = 'pending'),
       count(*) filter (where planned.state in ('rejected', 'expired'))
from meshhook_alerts.channel_health health
join public.alert_channels channel on channel.id = health.channel_id and channel.enabled
left join public.projects project on project.id = channel.project_id
left join public.alert_notifications planned on planned.channel_id = channel.id
  and planned.project_id = channel.project_id and planned.created_at >= health.failing_since - interval '1 day'
where health.failing_since is not null
group by channel.id, project.name, health.channel_id
order by health.failing_since
limit 20
