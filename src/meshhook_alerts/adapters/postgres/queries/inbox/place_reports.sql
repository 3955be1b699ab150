-- Where reported failures belong: the project they name, else their run's, else the only one that
-- has their slug. Older schemas have no status; asking the whole row for it works with both.
with report as (
  select * from json_to_recordset(%(reports)s::json) as report (
    number int, project_id uuid, run_id uuid, workflow text)
), slugs as (
  select slug,
    (array_agg(distinct project_id) filter (where live)) as publishers,
    array_agg(distinct project_id) as holders
  from (
    select slug, project_id, coalesce(to_jsonb(defined) ->> 'status', 'published') = 'published' as live
    from public.workflow_definitions defined
    where slug in (select workflow from report where project_id is null)
  ) named
  group by slug
), placed as (
  select report.number, report.workflow, run.workflow_id,
    report.project_id is null or project.id is not null as named_exists,
    coalesce(run.project_id = report.project_id, true) as run_fits,
    coalesce(report.project_id, run.project_id,
      case cardinality(coalesce(publishers, holders)) when 1 then (coalesce(publishers, holders))[1] end
    ) as project_id
  from report
  left join public.projects project on project.id = report.project_id
  left join public.workflow_runs run on run.id = report.run_id
  left join slugs on slugs.slug = report.workflow
)
select placed.project_id, coalesce(placed.workflow_id, newest.id) as workflow_id, named_exists, run_fits
from placed
left join lateral (
  select defined.id from public.workflow_definitions defined
  where placed.workflow_id is null
    and defined.project_id = placed.project_id and defined.slug = placed.workflow
  order by coalesce(to_jsonb(defined) ->> 'status', 'published') = 'published' desc, version desc
  limit 1
) newest on true
order by number
