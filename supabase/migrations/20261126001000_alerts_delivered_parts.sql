-- MeshHook Alerts: which parts of a notification have arrived. A mail server may take a message for
-- one recipient and put another off, and then only the other is tried again.

alter table public.alert_notifications add column if not exists done text[] not null default '{}';
comment on column public.alert_notifications.done is
  'MeshHook Alerts: parts (recipients) that earlier tries delivered; they get it no second time';

insert into meshhook_alerts.migrations (version) values ('20261126001000') on conflict do nothing;
