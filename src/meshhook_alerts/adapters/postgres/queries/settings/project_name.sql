-- The project's name, and thereby whether it exists. The second is MeshHook itself, whose operator sets
-- it up like any project (identifiers.PLATFORM).
select name from public.projects where id = %(project_id)s
union all
select 'MeshHook' where %(project_id)s = '00000000-0000-0000-0000-000000000001'::uuid
