-- What has become visible of alerts and ledger since a snapshot, and, if ``upto`` is given, by another one. The
-- snapshot tells exactly; the time spares looking at rows that are old. One row more than ``limit`` says that
-- there are more. Each row, and one by itself if there is none, also says what this statement could see.
-- (Numbers of transactions have 64 bits, those in rows the lower 32.)
with present as materialized (
  select pg_current_snapshot() as snapshot, clock_timestamp() as now,
         (pg_snapshot_xmax(pg_current_snapshot())::text::bigint >> 32) << 32 as epoch,
         pg_snapshot_xmax(pg_current_snapshot())::text::bigint as next
), changed as (
  (select 'alert' as what, alert.project_id, alert.xmin::text::bigint as writer,
         jsonb_build_object(
           'id', alert.id, 'project_id', alert.project_id, 'workflow', alert.workflow, 'node_id', alert.node_id,
           'kind', alert.kind, 'failure_class', alert.class, 'severity', alert.severity, 'status', alert.status,
           'error', alert.error, 'error_class', alert.error_class, 'count', alert.count,
           'withdrawn', alert.withdrawn, 'opened_at', alert.opened_at, 'last_failure_at', alert.last_failure_at,
           'resolved_at', alert.resolved_at, 'updated_at', alert.updated_at, 'life', alert.life,
           'sample', alert.evidence ->> 'sample') as document
   from public.alerts alert
   where alert.updated_at > %(since)s::timestamptz)
  union all
  (select 'log', log.project_id, log.xmin::text::bigint,
         to_jsonb(log) - 'fold_id'
   from public.alert_logs log
   where log.logged_at > %(since)s::timestamptz)
), numbered as (
  select changed.*, case when writer + epoch >= next + 2147483648 then writer + epoch - 4294967296
                         else writer + epoch end as transaction
  from changed, present
), fresh as (
  select what, project_id, document from numbered
  where not pg_visible_in_snapshot(transaction::text::xid8, %(snapshot)s::pg_snapshot)
    and (%(upto)s::text is null or pg_visible_in_snapshot(transaction::text::xid8, %(upto)s::pg_snapshot))
    and (%(projects)s::uuid[] is null or project_id = any (%(projects)s::uuid[]))
  limit %(limit)s
)
select present.snapshot::text, present.now, fresh.what, fresh.project_id, fresh.document
from present left join fresh on true
