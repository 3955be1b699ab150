-- The slug of a workflow named by slug or by the id of any of its versions.
select slug from public.workflow_definitions
where project_id = %(project_id)s and (slug = %(workflow)s or id::text = lower(%(workflow)s))
limit 1
