-- MeshHook Alerts: how many failures an alert had counted before it opened again, so that those since are
-- in a row.

alter table public.alerts add column if not exists count_before bigint not null default 0;
comment on column public.alerts.count_before is
  'MeshHook Alerts: failures counted before the alert opened again; those after it are in a row';

insert into meshhook_alerts.migrations (version) values ('20261126001600') on conflict do nothing;
