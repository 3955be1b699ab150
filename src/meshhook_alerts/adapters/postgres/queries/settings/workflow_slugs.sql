-- The workflows of a project.
select distinct slug from public.workflow_definitions where project_id = %(project_id)s
