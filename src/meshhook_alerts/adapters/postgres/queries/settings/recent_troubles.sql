-- The troubles of the last seven days, as far as conditions can be held against them.
select kind, class, severity, workflow, node_id, evidence ->> 'node_type', null::smallint, error_class,
       error, '{}'::jsonb, count
from public.alerts
where project_id = %(project_id)s and last_failure_at > now() - interval '7 days'
order by last_failure_at desc
limit 1000
