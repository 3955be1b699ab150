-- P7 slug_collision: slugs that several projects use. The intake looks a slug up across all of them.
select distinct project_id, slug
from public.workflow_definitions
where slug in (
  select slug from public.workflow_definitions group by slug having count(distinct project_id) > 1)
order by 1, 2
limit 5000
