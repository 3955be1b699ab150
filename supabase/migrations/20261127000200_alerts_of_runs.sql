-- MeshHook Alerts: which alerts a run has part in, for its own page.

create index if not exists alert_failures_run on public.alert_failures (run_id) where run_id is not null;

insert into meshhook_alerts.migrations (version) values ('20261127000200') on conflict do nothing;
