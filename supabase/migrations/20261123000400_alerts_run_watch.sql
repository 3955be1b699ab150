-- MeshHook Alerts: which runs are being watched, and when each has to be looked at again.
-- So a sweep touches only what can have changed: runs with new events, and runs whose time has come.

create table if not exists meshhook_alerts.run_watch (
  run_id   uuid primary key,
  status   text not null,      -- as it was when last looked at
  look_at  timestamptz,        -- when silence itself becomes news; null: only a new event can be
  reported boolean not null default false  -- whether anything was ever found in it
);
create index if not exists run_watch_due on meshhook_alerts.run_watch (look_at) where look_at is not null;
comment on table meshhook_alerts.run_watch is 'Open runs, and closed ones for as long as late events may come';

-- A verdict that a later event has disproved stays on record, with the moment it was withdrawn.
alter table public.alert_failures add column if not exists withdrawn_at timestamptz;
alter table public.alerts add column if not exists withdrawn bigint not null default 0;
alter table public.alert_logs alter column fold_id drop not null;

-- "All workers silent" explains every "never started" of its project; asked for in each decision.
create index if not exists alerts_fleet_silent on public.alerts (project_id)
  where kind = 'fleet_silent' and status <> 'resolved';

-- A trouble that comes back within its cooldown reopens its alert: found by fingerprint.
create index if not exists alerts_resolved on public.alerts (project_id, fingerprint, resolved_at desc)
  where status = 'resolved';

insert into meshhook_alerts.migrations (version) values ('20261123000400') on conflict do nothing;
