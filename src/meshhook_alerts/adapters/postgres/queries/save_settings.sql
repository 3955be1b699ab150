-- Creates or replaces a settings document, and keeps the version for good.
with saved as (
  insert into public.alert_settings as settings (project_id, workflow, document, updated_by)
  values (%(project_id)s, %(workflow)s, %(document)s::jsonb, %(by)s)
  on conflict (project_id, coalesce(workflow, '')) do update
  set document = excluded.document, version = settings.version + 1,
      updated_at = now(), updated_by = excluded.updated_by
  returning project_id, workflow, version, document, updated_by
)
insert into public.alert_settings_versions (project_id, workflow, version, document, changed_by)
select project_id, workflow, version, document, updated_by from saved
returning version
