-- Channels of a name, in whatever project; or all of them.
select channel.id, channel.project_id, channel.name, channel.kind, channel.enabled,
       coalesce(project.name, case when channel.project_id = %(platform)s then 'MeshHook' else channel.project_id::text end) as project,
       health.failing_since, health.detail
from public.alert_channels channel
left join public.projects project on project.id = channel.project_id
left join meshhook_alerts.channel_health health on health.channel_id = channel.id
where (%(name)s::text is null or channel.name = %(name)s)
  and (%(project)s::uuid is null or channel.project_id = %(project)s)
order by project, channel.name
