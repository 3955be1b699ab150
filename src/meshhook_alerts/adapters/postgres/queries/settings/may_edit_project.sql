-- A row if the caller may change the project's settings.
select 1 from meshhook_alerts.my_projects('edit') mine where mine = %(project_id)s
