-- Watched runs whose time has come.
select watch.run_id, not exists (select 1 from public.workflow_runs run where run.id = watch.run_id) as gone
from (
  select run_id from meshhook_alerts.run_watch
  where look_at <= clock_timestamp()
  order by look_at
  limit %(rows)s
) watch
