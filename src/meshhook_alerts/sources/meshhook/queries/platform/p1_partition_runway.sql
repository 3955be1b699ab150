-- P1 partition_runway: horizons that no partition of workflow_events covers.
with bounds as (
  select pg_get_expr(part.relpartbound, part.oid) as bound
  from pg_inherits
  join pg_class part on part.oid = inhrelid
  where inhparent = to_regclass('public.workflow_events')
), parts as (
  select bound = 'DEFAULT' as is_default,
    coalesce(substring(bound from $$FROM \('([^']+)'\)$$)::timestamptz, '-infinity') as begins,
    coalesce(substring(bound from $$TO \('([^']+)'\)$$)::timestamptz, 'infinity') as ends
  from bounds
)
select horizon.days, to_char(now() + make_interval(days => horizon.days), 'YYYY-MM-DD') as day
from (values (2), (14)) as horizon (days)
where not exists (
  select 1 from parts
  where is_default
    or (begins <= now() + make_interval(days => horizon.days)
        and ends > now() + make_interval(days => horizon.days)))
