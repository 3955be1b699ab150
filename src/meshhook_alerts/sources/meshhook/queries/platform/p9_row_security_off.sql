-- P9 row_security_off: tables of MeshHook that any user may read, were the API to show them.
select relname as name from pg_class
where relnamespace = to_regnamespace('public') and relname in ('workflow_events', 'job_tracking')
  and relkind in ('r', 'p') and not relrowsecurity
