-- P8 ran_unpublished: workflows whose newest run is on a version that was not published when it
-- began (nothing has changed it since). Met by the runs of the newest events, of which the last to begin
-- is taken; one remembered as true stays so until a run on a published version, or until its highest
-- version is published.
with recent as (
  select distinct run_id
  from (select run_id, type from public.workflow_events order by id desc limit %(events)s) newest
  where type = 'run_created'
), newest as materialized (
  select distinct on (run.project_id, definition.slug)
    run.project_id, definition.slug, definition.version, definition.status, definition.updated_at,
    run.started_at
  from recent
  join public.workflow_runs run on run.id = recent.run_id
  join public.workflow_definitions definition on definition.id = run.workflow_id
  where run.started_at > (select attached_at from meshhook_alerts.attachment)
  order by run.project_id, definition.slug, run.started_at desc
), remembered as (
  select known.project_id, known.key as slug, definition.version, definition.status
  from meshhook_alerts.conditions known
  cross join lateral (
    select version, status from public.workflow_definitions
    where project_id = known.project_id and slug = known.key
    order by version desc
    limit 1
  ) definition
  where known.kind = 'ran_unpublished' and definition.status <> 'published'
    and not exists (
      select 1 from newest where newest.project_id = known.project_id and newest.slug = known.key)
)
select project_id, slug, version, status from newest
where status <> 'published' and updated_at <= started_at
union
select project_id, slug, version, status from remembered
