-- MeshHook Alerts: what is due later (timers), and which channels take no messages.

create table if not exists meshhook_alerts.timers (
  project_id uuid not null,
  kind       text not null,              -- untold: failures nobody was told of; accepted, undelivered: how a message ended
  subject    text not null,              -- one timer per project, kind and subject: set again, it moves
  due        timestamptz not null,
  alert_id   uuid not null,
  channel_id uuid not null,
  failures   bigint not null default 0,  -- of the message whose end this is
  reason     text,                       -- why that message was sent
  primary key (project_id, kind, subject)
);
create index if not exists timers_due on meshhook_alerts.timers (due);
comment on table meshhook_alerts.timers is
  'What happens later: a due row makes its project eligible for deciding, just as a signal does';

create table if not exists meshhook_alerts.channel_health (
  channel_id    uuid primary key,
  project_id    uuid not null,
  failing_since timestamptz,             -- first failed try since the last accepted message
  tries         integer not null default 0,
  refused_since timestamptz,             -- first message given up since then
  refused_at    timestamptz,             -- last one given up, or last one decided after that
  said_at       timestamptz,             -- when the log said that it is failing
  recovered_at  timestamptz,
  detail        text not null default '' -- the last answer, redacted
);
comment on table meshhook_alerts.channel_health is
  'Channels that do not take messages, or did not; one that always has, has no row';

create index if not exists alert_notifications_pending on public.alert_notifications (alert_id)
  where state = 'pending';

insert into meshhook_alerts.migrations (version) values ('20261126001100') on conflict do nothing;
