-- The newest failures of an alert, those that look alike and were decided together as one.
select id, kind, count, first_at, last_at, decided_for as at, workflow_version, http_status, sample, run_id,
       evidence, count(*) over () as total
from public.alert_folds where alert_id = %(id)s
order by decided_for desc, id
limit %(limit)s
