-- Workflows of which a settings document, their own or their project's, says something about a field.
-- Older schemas have no status: the inner query then finds the one of the outer, which is null.
select definition.project_id, definition.slug, array_agg(definition.id) as ids,
  coalesce(bool_or((
    select status from public.workflow_definitions this where this.id = definition.id
  ) = 'published'), true) as published
from (select null::text as status) absent
cross join (
  select distinct project_id, workflow from public.alert_settings where document ? %(field)s
) settings
join public.workflow_definitions definition
  on definition.project_id = settings.project_id
  and (settings.workflow is null or settings.workflow = definition.slug)
group by 1, 2
order by 1, 2
limit 5000
