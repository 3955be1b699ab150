-- P2 maintenance_broken, first question: whether pg_cron is there and readable. Asks the catalogs
-- only, so that a closed schema is no error.
select class.oid is not null as there,
  coalesce(has_schema_privilege(namespace.oid, 'usage') and has_table_privilege(class.oid, 'select')
           and has_table_privilege(details.oid, 'select'), false) as readable
from (select) as always
left join pg_namespace namespace on namespace.nspname = 'cron'
left join pg_class class on class.relnamespace = namespace.oid and class.relname = 'job'
left join pg_class details on details.relnamespace = namespace.oid and details.relname = 'job_run_details'
