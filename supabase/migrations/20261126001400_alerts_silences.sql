-- MeshHook Alerts: silences take effect at once, and so does their end.

create or replace trigger settings_changed after insert or update or delete on public.alert_silences
  for each row execute function meshhook_alerts.settings_changed();

-- Written by the service alone, after it has asked for the caller's right.
revoke insert, update, delete, truncate, references, trigger
  on public.alert_silences from public, anon, authenticated, service_role;

insert into meshhook_alerts.migrations (version) values ('20261126001400') on conflict do nothing;
