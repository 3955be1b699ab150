-- The newest event; how far a slice of so many events reaches; the transactions that may still add
-- older ones (ids become visible out of order); and since when we are attached.
select coalesce((select id from public.workflow_events order by id desc limit 1), 0) as newest,
       coalesce((
         select max(id) from (
           select id from public.workflow_events where id > %(read)s order by id limit %(limit)s
         ) stretch), 0) as reach,
       pg_current_snapshot()::text as snapshot,
       clock_timestamp() as now,
       (select attached_at from meshhook_alerts.attachment) as attached_at
