-- Runs about which there may be news: new events, a time that has come, a status that has changed,
-- open ones not watched yet. Bounded; what is left comes in the next slice.
with fresh as (
  select distinct run_id from (
    select run_id from public.workflow_events
    where id > %(after)s and id <= %(upto)s
  ) recent
), due as (
  select run_id from meshhook_alerts.run_watch where look_at <= clock_timestamp()
  order by look_at limit %(limit)s
), changed as (
  select watch.run_id
  from meshhook_alerts.run_watch watch
  left join public.workflow_runs run on run.id = watch.run_id
  where run.status is distinct from watch.status
  limit %(limit)s
), unwatched as (
  select run.id as run_id
  from public.workflow_runs run
  where run.status in ('running', 'paused')
    and not exists (select 1 from meshhook_alerts.run_watch watch where watch.run_id = run.id)
  limit %(limit)s
), ended as (
  select run.id as run_id
  from public.workflow_runs run
  where run.status in ('failed', 'canceled') and run.id > %(ended_after)s
  order by run.id
  limit 500
)
select run_id, false as ended from (
  select run_id from fresh union select run_id from due union select run_id from changed
  union select run_id from unwatched
) wanted
union all
select run_id, true from ended
