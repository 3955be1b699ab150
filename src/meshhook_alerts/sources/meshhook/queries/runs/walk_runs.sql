-- A stretch of all runs, in order of their ids: which are open and not watched yet. In the first
-- round it also counts those that were marked failed before we were attached.
with stretch as materialized (
  select run.id, run.project_id, run.workflow_id, run.status,
    coalesce(meshhook_alerts.sane(run.finished_at),
             meshhook_alerts.sane((to_jsonb(run) ->> 'updated_at')::timestamptz),
             meshhook_alerts.sane(run.started_at), 'epoch') as ended_at
  from (select * from public.workflow_runs where id > %(after)s order by id limit %(limit)s) run
), unmet as materialized (
  select id from stretch
  where status in ('running', 'paused')
    and not exists (select 1 from meshhook_alerts.run_watch watch where watch.run_id = stretch.id)
  order by id
  limit %(rows)s
), reach as (
  -- Not further than what this slice can take.
  select case when (select count(*) from unmet) = %(rows)s
    then (select id from unmet order by id desc limit 1)
    else (select id from stretch order by id desc limit 1) end as last
), counted as (
  insert into public.alert_baseline as known (project_id, workflow, kind, runs, examples)
  select stretch.project_id, definition.slug, 'run_failed', count(*),
    (array_agg(stretch.id order by ended_at desc))[1:5]
  from stretch
  left join public.workflow_definitions definition on definition.id = stretch.workflow_id
  where %(first)s and stretch.status = 'failed' and ended_at <= %(attached_at)s
    and stretch.id <= (select last from reach)
  group by 1, 2
  on conflict (project_id, coalesce(workflow, ''), kind) do update
    set runs = known.runs + excluded.runs, updated_at = now()
)
select (select count(*)::int from stretch) as seen, (select last from reach) as last,
  array(select id from unmet) as unmet
