-- Of some runs the plain ones: ended well, in an ordinary course, and nothing was ever said of them.
-- Every step was begun once and succeeded; their one run_completed is their last event.
select run.id as run_id, run.project_id, definition.slug,
  coalesce(meshhook_alerts.sane(run.started_at), 'epoch') as started_at
from unnest(string_to_array(%(runs)s, ',')::uuid[]) as wanted (run_id)
join public.workflow_runs run on run.id = wanted.run_id
left join public.workflow_definitions definition on definition.id = run.workflow_id
cross join lateral (
  select bool_and(is_ordinary) and sum(ends) = 1
    and (array_agg(last order by last_at desc, last_id desc))[1] = 'run_completed' as is_plain
  from (
    select bool_and(type in ('run_created', 'step_started', 'http_attempted', 'step_succeeded', 'run_completed'))
        and count(*) filter (where type = 'step_started') <= 1
        and (payload #> '{node,id}' is null or bool_or(payload #>> '{node,type}' = 'terminate')
             or (array_agg(type order by ts desc, id desc))[1] = 'step_succeeded') as is_ordinary,
      count(*) filter (where type = 'run_completed') as ends,
      (array_agg(type order by ts desc, id desc))[1] as last,
      max(ts) as last_at, (array_agg(id order by ts desc, id desc))[1] as last_id
    from public.workflow_events
    where run_id = run.id
    group by payload #> '{node,id}'
  ) node
) course
where run.status = 'succeeded' and run.finished_at is not null and course.is_plain
  and not exists (
    select 1 from meshhook_alerts.run_watch watch where watch.run_id = run.id and watch.reported)
  and not exists (
    select 1 from meshhook_alerts.run_verdicts verdict where verdict.run_id = run.id)
