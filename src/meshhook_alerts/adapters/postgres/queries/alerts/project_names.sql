-- Names of projects that the caller may read.
select id, name from public.projects where id = any (%(ids)s) order by name, id
