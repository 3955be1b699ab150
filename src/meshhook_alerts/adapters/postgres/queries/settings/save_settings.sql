-- Creates or replaces a settings document; a trigger counts its version and keeps it for good.
insert into public.alert_settings as settings (project_id, workflow, document, updated_by)
values (%(project_id)s, %(workflow)s, %(document)s::jsonb, %(by)s)
on conflict (project_id, coalesce(workflow, '')) do update
set document = excluded.document, updated_by = excluded.updated_by
returning xmax = 0 as created
