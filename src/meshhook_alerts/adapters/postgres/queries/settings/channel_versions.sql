-- What a project's channels were like, the newest first.
select name, version, document, secret_names, changed_at, changed_by
from meshhook_alerts.channel_versions
where project_id = %(project_id)s
order by id desc
limit 1000
