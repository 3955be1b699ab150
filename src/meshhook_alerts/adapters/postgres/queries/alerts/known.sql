-- Alerts that the caller may see, and their versions.
select id, project_id, (extract(epoch from updated_at) * 1000000)::bigint::text
from public.alerts where id = any (string_to_array(%(ids)s, ',')::uuid[])
