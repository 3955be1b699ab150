-- MeshHook Alerts: one message about several alerts, and settings that take effect on what is held.

alter table public.alert_notifications add column if not exists covers jsonb;
comment on column public.alert_notifications.covers is
  'MeshHook Alerts: of a digest, every alert it tells of, and how many failures of each; null for one alert';

-- Workers keep a project's settings in memory and reload them when this number has moved. What is held
-- is asked about again at once: a period deleted, shortened or moved may have held it.
create or replace function meshhook_alerts.settings_changed() returns trigger
language plpgsql security definer set search_path = '' as $$
declare
  changed uuid := coalesce(new.project_id, old.project_id);
begin
  insert into meshhook_alerts.project_state as state (project_id, settings_version)
  values (changed, 1)
  on conflict (project_id) do update set settings_version = state.settings_version + 1;
  update meshhook_alerts.timers set due = now()
  where project_id = changed and kind = 'untold' and due > now();
  return null;
end $$;
revoke all on function meshhook_alerts.settings_changed() from public;

insert into meshhook_alerts.migrations (version) values ('20261126001300') on conflict do nothing;
