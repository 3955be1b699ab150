-- MeshHook Alerts: how many messages a channel may get in how long.

alter table public.alert_channels add column if not exists limits jsonb not null default '[]';
comment on column public.alert_channels.limits is
  'MeshHook Alerts: sliding windows, each {"messages": n, "seconds": n}; what is beyond waits for one digest';
grant select (limits) on public.alert_channels to authenticated, service_role;

create index if not exists alert_notifications_sent on public.alert_notifications (channel_id, created_at desc);

insert into meshhook_alerts.migrations (version) values ('20261126001500') on conflict do nothing;
