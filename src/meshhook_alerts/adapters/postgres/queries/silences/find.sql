-- One silence, if the caller may see it.
select id, project_id, matchers, starts_at, ends_at, reason, created_at, created_by
from public.alert_silences where id = %(id)s
