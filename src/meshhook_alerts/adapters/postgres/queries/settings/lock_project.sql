-- One change of a project's settings at a time.
select pg_advisory_xact_lock(hashtextextended('meshhook_alerts/settings/' || %(project_id)s::text, 0))
