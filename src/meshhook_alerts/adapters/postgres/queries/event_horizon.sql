-- The newest event; how far a slice of so many events reaches; and the transactions that may still
-- add older ones: ids become visible out of order, so a cursor may pass an id only when every
-- transaction of its time has ended.
select coalesce((select id from public.workflow_events order by id desc limit 1), 0) as newest,
       coalesce((
         select max(id) from (
           select id from public.workflow_events where id > %(read)s order by id limit %(limit)s
         ) stretch), 0) as reach,
       pg_snapshot_xmax(pg_current_snapshot())::text::bigint as begun,
       pg_snapshot_xmin(pg_current_snapshot())::text::bigint as ended,
       clock_timestamp() as now
