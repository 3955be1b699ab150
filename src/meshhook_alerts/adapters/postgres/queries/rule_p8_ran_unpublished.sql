-- P8 ran_unpublished: workflows whose newest run is on a version that was not published when it
-- began (nothing has changed it since). Met by the runs of the newest events; one remembered as true
-- stays so until a run on a published version, or until its highest version is published.
with recent as (
  select distinct run_id
  from (select run_id, type from public.workflow_events order by id desc limit %(events)s) newest
  where type = 'run_created'
), touched as (
  select distinct run.project_id, definition.slug
  from recent
  join public.workflow_runs run on run.id = recent.run_id
  join public.workflow_definitions definition on definition.id = run.workflow_id
), newest as (
  select touched.project_id, touched.slug, last.version, last.status
  from touched
  cross join lateral (
    select definition.version, definition.status, definition.updated_at, run.started_at
    from public.workflow_runs run
    join public.workflow_definitions definition on definition.id = run.workflow_id
    where run.project_id = touched.project_id and definition.slug = touched.slug
    order by run.started_at desc
    limit 1
  ) last
  where last.status <> 'published' and last.updated_at <= last.started_at
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
      select 1 from touched where touched.project_id = known.project_id and touched.slug = known.key)
)
select project_id, slug, version, status from newest
union
select project_id, slug, version, status from remembered
