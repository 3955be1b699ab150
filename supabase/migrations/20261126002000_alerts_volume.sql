-- MeshHook Alerts: how often a trouble fails, minute by minute.

alter table public.alerts add column if not exists volume jsonb;
comment on column public.alerts.volume is
  'MeshHook Alerts: the minute of the last failure, its count, and the worst minute before it ("peak")';

insert into meshhook_alerts.migrations (version) values ('20261126002000') on conflict do nothing;
