-- The open alerts of a project with these fingerprints.
select id, project_id, fingerprint, status, severity, opened_at, last_failure_at, count, told
from public.alerts
where project_id = %(project_id)s
  and fingerprint = any (string_to_array(%(fingerprints)s, ','))
  and status <> 'resolved'
