-- Runs with their workflow and their newest events, oldest first; payloads cut to what rules see, and
-- times that no clock shows replaced. Columns that older schemas lack are asked for by way of the
-- whole row.
with oldest_partition as (
  select min(substring(pg_get_expr(part.relpartbound, part.oid) from $$FROM \('([^']+)'\)$$)::timestamptz) as begins
  from pg_inherits join pg_class part on part.oid = inhrelid
  where inhparent = to_regclass('public.workflow_events')
)
select run.id, run.project_id, run.workflow_id, run.status,
       coalesce(meshhook_alerts.sane(run.started_at), 'epoch') as started_at,
       case when run.finished_at is not null then
         coalesce(meshhook_alerts.sane(run.finished_at), coalesce(watch.met_at, now())) end as finished_at,
       meshhook_alerts.sane((to_jsonb(run) ->> 'updated_at')::timestamptz) as updated_at,
       definition.slug,
       coalesce(meshhook_alerts.sane(run.started_at) < (select begins from oldest_partition), false)
         as events_may_be_missing,
       coalesce(watch.reported, false) or verdict.fold_id is not null as reported,
       coalesce(watch.met_at, now()) as met_at,
       event.id as event_id, event.at, left(event.type, 100) as type,
       left(event.payload #>> '{node,id}', 200) as node_id,
       left(event.payload #>> '{node,type}', 100) as node_type,
       left(event.payload ->> 'attempt', 20) as attempt,
       left(event.payload ->> 'error', 2000) as error,
       left(event.payload ->> 'status', 20) as http_status
from public.workflow_runs run
left join public.workflow_definitions definition on definition.id = run.workflow_id
left join meshhook_alerts.run_watch watch on watch.run_id = run.id
left join meshhook_alerts.run_verdicts verdict on verdict.run_id = run.id
left join lateral (
  select id, type, payload,
    case  -- from the future: a clock that is wrong, or somebody who wants not to be found
      when ts > now() + interval '1 minute' then least(coalesce(
        meshhook_alerts.sane((to_jsonb(found) ->> 'created_at')::timestamptz), watch.met_at, now()), now())
      else coalesce(meshhook_alerts.sane(ts), 'epoch')
    end as at
  from (
    select * from public.workflow_events
    where run_id = run.id order by ts desc, id desc limit %(events)s
  ) found
) event on true
where run.id = any (string_to_array(%(runs)s, ',')::uuid[])
order by run.id, event.at, event.id
