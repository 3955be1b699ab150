-- A channel that the caller may see, and whether they may edit its project.
select channel.id, channel.project_id, channel.name, channel.kind,
       %(service)s or channel.project_id = any (array(select meshhook_alerts.my_projects('edit'))) as may_edit
from public.alert_channels channel
where channel.id = %(id)s
