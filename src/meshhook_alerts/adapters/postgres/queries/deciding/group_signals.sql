-- The oldest signals of the taken project, grouped on exact equality of all a judge can look at.
-- Those already recorded as failures come as groups of their own, to be dropped.
with batch as materialized (
  select * from meshhook_alerts.signals
  where project_id = nullif(current_setting('meshhook_alerts.project', true), '')::uuid
    and id > %(after)s
  order by project_id, id  -- as the key has it: read from the front, however long the inbox
  limit %(limit)s
), marked as (
  select batch.*, recorded.source_ref is not null as seen,
    -- The failure's own time, as far as it can be believed; an end is told when it is noticed.
    case when batch.observed <> 'recovered' and batch.source_time >= '2000-01-01'
      then least(batch.source_time, batch.noticed_at) else batch.noticed_at end as happened_at,
    -- Looked up one by one, whatever the planner thinks of the tables' sizes.
    (select case when verdict.fold_id is null then %(nil)s::uuid else (
         select fold.alert_id from public.alert_folds fold where fold.id = verdict.fold_id) end
     from meshhook_alerts.run_verdicts verdict
     where verdict.run_id = batch.run_id
       -- A run that was lost before we were attached, and shows by a new event that it goes on.
       and (verdict.fold_id is not null or batch.observed <> 'dead_letter'
            and (batch.source_ref not like 'event:%%' or batch.source_time <= verdict.decided_at))
       -- Of a cancellation somebody may want to hear, if nobody heard of the failure before it.
       and (batch.observed <> 'run_canceled' or verdict.fold_id is null or exists (
         select from public.alert_folds fold join public.alerts alert on alert.id = fold.alert_id
         where fold.id = verdict.fold_id
           and jsonb_path_exists(alert.told, '$.* ? (@.messages > 0)')))
    ) as decided_by,
    (select true from public.workflow_runs run
     where run.id = batch.run_id and run.status = 'canceled') as canceled
  from batch
  left join public.alert_failures recorded
    using (project_id, source_ref, source_time)
), grouped as (
  select seen, project_id, source, observed, workflow_id, workflow, node_id, node_type,
         attempt, http_status, error, labels, decided_by, canceled,
         date_trunc('second', noticed_at) as at,
         min(happened_at) as first_at, max(happened_at) as last_at, count(*) as count,
         min(id) as first_id, (array_agg(run_id))[1] as run_id, string_agg(id::text, ',') as members,
         string_agg(coalesce(run_id::text, ''), ',') as runs, max(id) as last_id
  from marked
  group by 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15
), definitions as materialized (
  -- Older schemas have no name; asking the whole row for it works with both.
  select workflow.id, workflow.slug, workflow.version, to_jsonb(workflow) ->> 'name' as name
  from public.workflow_definitions workflow
  where workflow.id in (select workflow_id from grouped)
)
select grouped.seen, md5(grouped.project_id::text || grouped.first_id || grouped.first_at)::uuid as id,
       grouped.project_id, grouped.source, grouped.observed, grouped.at, grouped.first_at, grouped.last_at, grouped.count::int,
       coalesce(grouped.workflow, definitions.slug) as workflow,
       definitions.name as workflow_name, definitions.version as workflow_version,
       grouped.node_id, grouped.node_type, grouped.attempt, grouped.http_status, grouped.error,
       grouped.labels, grouped.run_id, grouped.decided_by, coalesce(grouped.canceled, false),
       grouped.runs, grouped.members, grouped.last_id
from grouped
left join definitions on definitions.id = grouped.workflow_id
order by grouped.first_id
