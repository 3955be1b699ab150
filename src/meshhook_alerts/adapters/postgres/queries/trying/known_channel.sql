-- A channel that the caller may see, without its secrets.
select channel.id, channel.project_id, project.name, channel.name, channel.kind, channel.config
from public.alert_channels channel
left join public.projects project on project.id = channel.project_id
where channel.id = %(id)s
