-- Open alerts, and the failures of the last days, as far as conditions can tell them apart.
select kind, class, severity, workflow, node_id, evidence ->> 'node_type', null::smallint, error_class, error,
       '{}'::jsonb, 1::bigint as count, id as alert_id
from public.alerts where project_id = %(project_id)s and status <> 'resolved'
union all
select kind, class, severity, workflow, node_id, node_type, http_status, error_class, error, labels,
       sum(count)::bigint, null
from public.alert_folds
where project_id = %(project_id)s and decided_for > now() - %(back)s::interval and not evidence
group by 1, 2, 3, 4, 5, 6, 7, 8, 9, 10
limit 20000
