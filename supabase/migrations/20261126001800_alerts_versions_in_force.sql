-- MeshHook Alerts: since which settings version, as decisions name it, a document has been in force.

alter table public.alert_settings_versions add column if not exists settings_version bigint;
comment on column public.alert_settings_versions.settings_version is
  'MeshHook Alerts: decisions of this alert_logs.settings_version and later, up to the next row, were made by it';

create or replace function meshhook_alerts.settings_changed() returns trigger
language plpgsql security definer set search_path = '' as $$
declare
  changed uuid := coalesce(new.project_id, old.project_id);
  counted bigint;
begin
  insert into meshhook_alerts.project_state as state (project_id, settings_version)
  values (changed, 1)
  on conflict (project_id) do update set settings_version = state.settings_version + 1
  returning settings_version into counted;
  if tg_table_name = 'alert_settings' and tg_op <> 'DELETE' then
    update public.alert_settings_versions kept set settings_version = counted
    where kept.project_id = changed and kept.version = new.version
      and coalesce(kept.workflow, '') = coalesce(new.workflow, '');
  end if;
  -- What is held is asked about again at once: a period deleted, shortened or moved may have held it.
  update meshhook_alerts.timers set due = now()
  where project_id = changed and kind = 'untold' and due > now();
  return null;
end $$;
revoke all on function meshhook_alerts.settings_changed() from public;

insert into meshhook_alerts.migrations (version) values ('20261126001800') on conflict do nothing;
