-- P12 partition_missing: if no partition of workflow_events covers the moment two minutes ahead, the projects that had
-- runs in the last day. (Runs are looked at only then.)
with parts as (
  select pg_get_expr(part.relpartbound, part.oid) as bound
  from pg_inherits join pg_class part on part.oid = inhrelid
  where inhparent = to_regclass('public.workflow_events')
), covered as (
  select exists (
    select 1 from parts
    where bound = 'DEFAULT'
      or (coalesce(substring(bound from $$FROM \('([^']+)'\)$$)::timestamptz, '-infinity') <= now() + interval '2 minutes'
          and coalesce(substring(bound from $$TO \('([^']+)'\)$$)::timestamptz, 'infinity') > now() + interval '2 minutes')
  ) as yes
)
select distinct run.project_id
from covered
cross join lateral (
  select project_id from public.workflow_runs
  where not covered.yes and started_at > now() - interval '1 day'
) run
