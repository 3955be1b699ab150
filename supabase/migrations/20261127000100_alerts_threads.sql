-- MeshHook Alerts: what a channel calls a message, so that later ones about the same alert go beside it.

alter table public.alert_notifications add column if not exists reference text;
comment on column public.alert_notifications.reference is
  'What the channel calls the message (a thread, a message id); null: it has no name for it';
create index if not exists alert_notifications_thread on public.alert_notifications (alert_id, channel_id, created_at)
  where reference is not null;

insert into meshhook_alerts.migrations (version) values ('20261127000100') on conflict do nothing;
