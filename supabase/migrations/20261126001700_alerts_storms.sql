-- MeshHook Alerts: how fast a project's messages come, and the storm that is on, if one is.

alter table meshhook_alerts.project_state add column if not exists pace jsonb;
comment on column meshhook_alerts.project_state.pace is
  'When the latest messages were decided ("sent"), and the storm that is on ("storm"); null: none yet';

insert into meshhook_alerts.migrations (version) values ('20261126001700') on conflict do nothing;
