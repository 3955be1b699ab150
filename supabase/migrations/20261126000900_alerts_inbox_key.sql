-- MeshHook Alerts: a full inbox is read and emptied by its key alone. What was unique began with the
-- project as the key does, so a planner that had last seen the inbox empty could take the one for the
-- other, and read a project's whole inbox for each signal: eight seconds for a thousand.

create unique index if not exists signals_once
  on meshhook_alerts.signals (source_ref, source_time, project_id);
alter table meshhook_alerts.signals
  drop constraint if exists signals_project_id_source_ref_source_time_key;

insert into meshhook_alerts.migrations (version) values ('20261126000900') on conflict do nothing;
