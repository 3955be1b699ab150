-- Open alerts, and the failures of the last days, as far as conditions can tell them apart.
select kind, severity, workflow, node_id, 1::bigint as count, id as alert_id
from public.alerts where project_id = %(project_id)s and status <> 'resolved'
union all
select kind, severity, workflow, node_id, sum(count)::bigint, null
from public.alert_folds
where project_id = %(project_id)s and decided_for > now() - %(back)s::interval and not evidence
group by 1, 2, 3, 4
limit 20000
