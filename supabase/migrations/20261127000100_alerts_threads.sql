-- MeshHook Alerts: what a channel calls a message, so that later ones about the same alert go beside it; and what it
-- says later of what became of it.

alter table public.alert_notifications add column if not exists reference text;
comment on column public.alert_notifications.reference is
  'What the channel calls the message (a thread, a message id); null: it has no name for it';
alter table public.alert_notifications add column if not exists receipts jsonb not null default '{}';
comment on column public.alert_notifications.receipts is
  'What the other side said later, by recipient: {"recipient +49…": {"state", "detail", "at"}}';
create index if not exists alert_notifications_thread on public.alert_notifications (alert_id, channel_id, created_at)
  where reference is not null;

insert into meshhook_alerts.migrations (version) values ('20261127000100') on conflict do nothing;
