-- MeshHook Alerts: whether a try to send reached the other side at all.

alter table public.alert_attempts add column if not exists connected boolean;
comment on column public.alert_attempts.connected is
  'MeshHook Alerts: whether there was a connection; null where the channel does not say';

insert into meshhook_alerts.migrations (version) values ('20261126001200') on conflict do nothing;
