-- What was known of a project before we were attached; row-level security shows callers their own.
select workflow, kind, runs, examples from public.alert_baseline
where project_id = %(project_id)s
order by runs desc, workflow, kind
