-- The open alerts of a project with these fingerprints.
select alert.*
from string_to_table(%(fingerprints)s, ',') as wanted (fingerprint)
cross join lateral (
  select id, project_id, fingerprint, status, severity, opened_at, last_failure_at, count, told
  from public.alerts
  where project_id = %(project_id)s and fingerprint = wanted.fingerprint and status <> 'resolved'
  limit 1  -- there is one at most; said here, it makes the planner look each up in its index
) alert
