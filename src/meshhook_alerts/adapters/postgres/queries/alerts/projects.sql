-- The projects whose alerts the caller may read, for a picker.
select project.id, project.name,
       %(service)s or project.id = any (array(select meshhook_alerts.my_projects('edit'))) as may_edit,
       (select count(*)::int from public.alert_channels channel where channel.project_id = project.id) as channels,
       (select count(*)::int from public.alerts alert where alert.project_id = project.id and alert.status <> 'resolved') as open
from public.projects project
where %(service)s or project.id = any (array(select meshhook_alerts.my_projects('read')))
order by project.name, project.id
limit 500
