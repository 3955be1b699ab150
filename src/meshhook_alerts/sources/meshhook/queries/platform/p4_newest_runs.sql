-- P4 workflow_silent: the newest run of each version, of a project's runs that began after a moment.
-- One project at a time: Postgres then knows how short the stretch is, and walks over it once.
select workflow_id, max(started_at) as started_at
from public.workflow_runs
where project_id = %(project_id)s and started_at > %(after)s::timestamptz
group by 1
