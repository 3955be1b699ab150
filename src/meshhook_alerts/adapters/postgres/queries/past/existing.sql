-- What was known before attachment, by project, with the channels that may be told of it.
select known.project_id, coalesce(project.name, known.project_id::text) as name,
       known.workflow, known.kind, known.runs, attachment.attached_at,
       array(select channel.id from public.alert_channels channel
             where channel.project_id = known.project_id and channel.enabled order by channel.name, channel.id) as channels,
       array(select channel.name from public.alert_channels channel
             where channel.project_id = known.project_id and channel.enabled order by channel.name, channel.id) as names
from public.alert_baseline known
left join public.projects project on project.id = known.project_id
cross join meshhook_alerts.attachment
where %(project)s::uuid is null or known.project_id = %(project)s
order by name, known.runs desc, known.workflow, known.kind
