-- Silences of a project that the caller may see, the latest end first.
select id, project_id, matchers, starts_at, ends_at, reason, created_at, created_by
from public.alert_silences where project_id = %(project_id)s
order by ends_at desc limit 200
