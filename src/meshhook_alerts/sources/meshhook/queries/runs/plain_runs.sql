-- Of some runs the plain ones: ended well, in an ordinary course, and nothing was ever said of them.
-- The course of a run is spelt out: C created, S step started, A answer arrived, U step succeeded, each
-- with its node, T terminate, E completed; anything else is an X. One node after the other, each begun once
-- and succeeded, and the end the last of all.
select run.id as run_id, run.project_id, definition.slug,
  coalesce(meshhook_alerts.sane(run.started_at), 'epoch') as started_at
from unnest(string_to_array(%(runs)s, ',')::uuid[]) as wanted (run_id)
join public.workflow_runs run on run.id = wanted.run_id
left join public.workflow_definitions definition on definition.id = run.workflow_id
cross join lateral (
  select string_agg(
    case type
      when 'run_created' then 'C,'
      when 'run_completed' then 'E,'
      when 'step_started' then
        case payload #>> '{node,type}' when 'terminate' then 'T,' else 'S' || (payload #>> '{node,id}') || ',' end
      when 'http_attempted' then 'A' || (payload #>> '{node,id}') || ','
      when 'step_succeeded' then 'U' || (payload #>> '{node,id}') || ','
      else 'X,'
    end, '' order by ts, id) as spelt,
    count(*) filter (where type = 'step_started') as begun,
    count(distinct payload #>> '{node,id}') filter (where type = 'step_started') as nodes,
    bool_and(payload #>> '{node,id}' is not null or type in ('run_created', 'run_completed')) as readable
  from public.workflow_events
  where run_id = run.id
    -- Partitions that cannot hold any of them are not even asked.
    and ts >= coalesce(meshhook_alerts.sane(run.started_at), 'epoch') - interval '1 hour'
    and ts <= now() + interval '1 day'
) course
where run.status = 'succeeded' and run.finished_at is not null
  and course.begun = course.nodes and course.readable
  and course.spelt ~ '^(C,)?(S([^,]*),(A\3,)*U\3,)*(T,)?E,$'
  and not exists (
    select 1 from meshhook_alerts.run_watch watch where watch.run_id = run.id and watch.reported)
  and not exists (
    select 1 from meshhook_alerts.run_verdicts verdict where verdict.run_id = run.id)
