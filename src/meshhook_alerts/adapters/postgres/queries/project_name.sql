-- The project's name, and thereby whether it exists.
select name from public.projects where id = %(project_id)s
