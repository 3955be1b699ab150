-- Watched runs whose status has changed without an event, one stretch of the watch at a time. Those
-- that succeeded are looked at when their time comes, if that is soon.
with stretch as materialized (
  select watch.run_id, watch.status, watch.look_at,
    (select run.status from public.workflow_runs run where run.id = watch.run_id) as now_status
  from meshhook_alerts.run_watch watch
  where watch.run_id > %(after)s
  order by watch.run_id
  limit %(limit)s
)
select (select count(*)::int from stretch) as seen,
  (select run_id from stretch order by run_id desc limit 1) as last,
  array(
    select run_id from stretch
    where now_status is distinct from status and status <> 'unreadable'
      and (now_status is distinct from 'succeeded' or look_at is null
           or look_at > clock_timestamp() + interval '2 minutes')
  ) as changed
