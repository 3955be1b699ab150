-- Why a rule cannot look at what it needs: a table or column that is absent, closed to our role, or
-- not of the kind it should be. Asks the catalogs only, so that a closed schema is no error.
select need.relation, need.part,
  case
    when class.oid is null then format('table %%s does not exist', need.relation)
    when not has_schema_privilege(namespace.oid, 'usage') or not has_table_privilege(class.oid, 'select')
      then format('our role may not read %%s', need.relation)
    when need.part = 'partitions' and class.relkind <> 'p' then format('%%s is not partitioned', need.relation)
    when need.part not in ('', 'partitions') and column_.attname is null
      then format('table %%s has no column %%s', need.relation, need.part)
  end as why
from json_to_recordset(%(needs)s::json) as need (relation text, part text)
left join pg_namespace namespace on namespace.nspname = split_part(need.relation, '.', 1)
left join pg_class class
  on class.relnamespace = namespace.oid and class.relname = split_part(need.relation, '.', 2)
  and class.relkind in ('r', 'p', 'v', 'm', 'f')
left join pg_attribute column_
  on column_.attrelid = class.oid and column_.attname = need.part and column_.attnum > 0
  and not column_.attisdropped
