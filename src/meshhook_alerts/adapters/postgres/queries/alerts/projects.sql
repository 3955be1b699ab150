-- The projects whose alerts the caller may read, for a picker; their names are MeshHook's, see project_names.sql.
select project.id,
       %(service)s or project.id = any (array(select meshhook_alerts.my_projects('edit'))) as may_edit,
       (select count(*)::int from public.alert_channels channel where channel.project_id = project.id) as channels,
       (select count(*)::int from public.alerts alert where alert.project_id = project.id and alert.status <> 'resolved') as open
from (select mine from meshhook_alerts.my_projects('read') mine where not %(service)s
      union all
      select their.id from public.projects their where %(service)s) as project (id)
limit 500
