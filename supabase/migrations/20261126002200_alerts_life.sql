-- MeshHook Alerts: the life of an alert beside its failures, and what people do about it.

alter table public.alerts add column if not exists life jsonb;
comment on column public.alerts.life is
  'Who has it in hand and until when, how often it came and went, whom an escalation brought in; null: nothing yet';

-- People's acts on their way to the decision, which orders them with failures and timers.
create table if not exists meshhook_alerts.acts (
  id            uuid primary key,
  project_id    uuid not null,
  alert_id      uuid not null,
  kind          text not null check (kind in ('acknowledge', 'snooze', 'resolve', 'reopen')),
  at            timestamptz not null default clock_timestamp(),
  by_user       uuid,
  by_name       text not null,
  via           text not null,            -- api, link, cli
  note          text,                     -- redacted
  until         timestamptz,
  until_changed boolean not null default false,
  failures      integer,
  link_of       uuid                      -- the message whose link it was
);
create index if not exists acts_project on meshhook_alerts.acts (project_id);
comment on table meshhook_alerts.acts is 'What people want of alerts, until it is decided';
revoke all on meshhook_alerts.acts from public;
alter table meshhook_alerts.acts enable row level security;

create table if not exists public.alert_acts (
  id            uuid primary key,
  project_id    uuid not null,
  alert_id      uuid not null,
  kind          text not null,
  at            timestamptz not null,
  by_user       uuid,
  by_name       text not null,
  via           text not null,
  note          text,
  until         timestamptz,
  until_changed boolean not null,
  failures      integer,
  link_of       uuid,
  outcome       text not null check (outcome in ('done', 'already', 'ended', 'followed', 'gone')),
  decided_at    timestamptz not null default now()
);
create index if not exists alert_acts_alert on public.alert_acts (alert_id, at);
create index if not exists alert_acts_project on public.alert_acts (project_id, at desc);
comment on table public.alert_acts is 'MeshHook Alerts: what people did about alerts, and what it came to; append-only';

revoke all on public.alert_acts from public, anon, authenticated, service_role;
alter table public.alert_acts enable row level security;
drop policy if exists service_reads on public.alert_acts;
create policy service_reads on public.alert_acts for select to service_role using (true);
drop policy if exists members_read on public.alert_acts;
create policy members_read on public.alert_acts for select to authenticated
  using (project_id = any (array(select meshhook_alerts.my_projects('read'))));
grant select on public.alert_acts to authenticated, service_role;
-- What an alert's page and the API show of one alert.
create index if not exists alert_logs_alert on public.alert_logs (alert_id, id desc);

-- What has changed lately, for whoever follows.
create index if not exists alerts_updated on public.alerts (updated_at);
create index if not exists alert_logs_time on public.alert_logs using brin (logged_at) with (pages_per_range = 16);

-- What explains others is asked for in each decision.
drop index if exists public.alerts_fleet_silent;
create index if not exists alerts_larger on public.alerts (project_id)
  where kind in ('fleet_silent', 'partition_missing', 'queue_lag', 'queue_stuck') and status <> 'resolved';

-- What is open already is looked at, too, once it may have been quiet for long enough.
insert into meshhook_alerts.timers (project_id, kind, subject, due, alert_id, channel_id)
select project_id, 'closing', id::text, greatest(last_failure_at, now()) + interval '3 days', id,
       '00000000-0000-0000-0000-000000000000'
from public.alerts where status <> 'resolved'
on conflict do nothing;

insert into meshhook_alerts.migrations (version) values ('20261126002200') on conflict do nothing;
