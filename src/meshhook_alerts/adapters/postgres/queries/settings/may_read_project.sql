-- A row if the caller may read the project.
select 1 from meshhook_alerts.my_projects('read') mine where mine = %(project_id)s
