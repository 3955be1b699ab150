-- Runs that began lately and that no event has shown us: open ones without any, and those closed
-- without a sign of completion. One project at a time: that is what MeshHook's index is for.
select run.id
from public.projects project
cross join lateral (
  select id, status, finished_at from public.workflow_runs run
  where run.project_id = project.id and run.started_at > %(since)s::timestamptz
  order by started_at desc
  limit 10000
) run
where not exists (select 1 from meshhook_alerts.run_watch watch where watch.run_id = run.id)
  and case
    when run.status = 'succeeded' then run.finished_at is null or not exists (
      select 1 from public.workflow_events event
      where event.run_id = run.id and event.type = 'run_completed')
    else true
  end
limit %(rows)s
