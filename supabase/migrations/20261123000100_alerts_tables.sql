-- MeshHook Alerts: tables, row-level security, and the one function it rests on.
-- Safe to run twice, by `meshhook-alerts migrate` or by the Supabase CLI. Touches nothing of MeshHook.

-- What already bears our names here is somebody else's, and stays as it is.
do $$
declare
  taken text;
begin
  if coalesce(obj_description(to_regnamespace('meshhook_alerts'), 'pg_namespace'), '') like 'MeshHook Alerts%' then
    return;  -- these files have been here before
  end if;
  select string_agg(place, ', ' order by place) into taken from (
    select 'the schema meshhook_alerts' as place where to_regnamespace('meshhook_alerts') is not null
    union all
    select format('public.%I', relname) from pg_catalog.pg_class
    where relnamespace = to_regnamespace('public') and relname = any (array[
      'alert_settings', 'alert_settings_versions', 'alert_channels', 'alert_silences', 'alerts',
      'alert_folds', 'alert_failures', 'alert_logs', 'alert_notifications', 'alert_attempts',
      'alert_health', 'alert_baseline'])
    union all
    select 'the queue meshhook_alerts' from pg_catalog.pg_class  -- a schema we may not look into is no error
    where relnamespace = to_regnamespace('pgmq') and relname = 'q_meshhook_alerts'
  ) already;
  if taken is not null then
    raise exception 'this database already has what is not ours under our names: %', taken
      using errcode = 'duplicate_object',
            hint = 'Rename it or move it to another schema, then try again; nothing was created or changed.';
  end if;
end $$;

create schema if not exists meshhook_alerts;
comment on schema meshhook_alerts is 'MeshHook Alerts: what users never see (inbox, state, cursors)';

create table if not exists meshhook_alerts.migrations (
  version    text primary key,
  applied_at timestamptz not null default now()
);
comment on table meshhook_alerts.migrations is 'Which of our migration files have been applied';

create table if not exists meshhook_alerts.installed (
  kind text not null,  -- 'role' | 'pgmq'
  name text not null,
  primary key (kind, name)
);
comment on table meshhook_alerts.installed is 'What we created outside our own schema, so that uninstalling removes just that';

-- The roles Supabase has. A plain Postgres gets them here; without the right to create them the
-- error says what an administrator has to run.
do $$
declare
  missing text[] := array(
    select wanted from unnest(array['anon', 'authenticated', 'service_role']) wanted
    where not exists (select 1 from pg_roles where rolname = wanted)
  );
  role_name text;
begin
  foreach role_name in array missing loop
    begin
      execute format('create role %I nologin', role_name);
      insert into meshhook_alerts.installed values ('role', role_name);
    exception when duplicate_object or unique_violation then
      null;  -- roles belong to the whole server: an installation in another database was quicker
    end;
    execute format('grant %I to current_user', role_name);
  end loop;
exception when insufficient_privilege then
  raise exception 'MeshHook Alerts needs the roles %, and % may not create them',
      array_to_string(missing, ', '), current_user
    using errcode = 'insufficient_privilege',
          hint = 'Let an administrator run: ' || (
            select string_agg(format('create role %I nologin; grant %I to %I;', r, r, current_user), ' ')
            from unnest(missing) r);
end $$;

-- ------------------------------------------------------------------ what users configure

create table if not exists public.alert_settings (
  id         uuid primary key default gen_random_uuid(),
  project_id uuid not null,
  workflow   text,                       -- slug; null: the project's own settings
  version    integer not null default 1, -- counts up with each change
  document   jsonb not null,             -- validated by the service; rules, limits, channel names
  updated_at timestamptz not null default now(),
  updated_by uuid
);
create unique index if not exists alert_settings_place on public.alert_settings (project_id, coalesce(workflow, ''));
comment on table public.alert_settings is 'One versioned document per project, or per project and workflow: the current one';

create table if not exists public.alert_settings_versions (
  id         bigint generated always as identity primary key,
  project_id uuid not null,
  workflow   text,
  version    integer not null,
  document   jsonb not null,
  changed_at timestamptz not null default now(),
  changed_by uuid
);
create unique index if not exists alert_settings_versions_place
  on public.alert_settings_versions (project_id, coalesce(workflow, ''), version);
comment on table public.alert_settings_versions is 'Every version of every settings document; append-only';

create table if not exists public.alert_channels (
  id           uuid primary key default gen_random_uuid(),
  project_id   uuid not null,
  name         text not null,
  kind         text not null,              -- the plug-in that sends: email, webhook, …
  config       jsonb not null default '{}',
  secrets      bytea,                      -- AES-256-GCM, bound to this row; granted to no role
  secret_names text[] not null default '{}', -- which secrets are set, without their values
  enabled      boolean not null default true,
  version      integer not null default 1,
  created_at   timestamptz not null default now(),
  updated_at   timestamptz not null default now(),
  unique (project_id, name)
);
comment on table public.alert_channels is 'Named, configured destinations';

create table if not exists public.alert_silences (
  id         uuid primary key default gen_random_uuid(),
  project_id uuid not null,
  matchers   jsonb not null,
  starts_at  timestamptz not null default now(),
  ends_at    timestamptz not null,
  reason     text not null,
  created_at timestamptz not null default now(),
  created_by uuid,
  check (ends_at > starts_at)
);
create index if not exists alert_silences_project on public.alert_silences (project_id, ends_at);
comment on table public.alert_silences is 'One-off mutes: matchers, an end and a reason';

-- ------------------------------------------------------------------ what happened

create table if not exists public.alerts (
  id                  uuid primary key,
  project_id          uuid not null,
  workflow            text,               -- slug, which stays when a version is published
  fingerprint         text not null,
  fingerprint_version smallint not null,
  status              text not null check (status in ('firing', 'acknowledged', 'snoozed', 'resolved')),
  severity            text not null check (severity in ('info', 'warning', 'error', 'critical')),
  kind                text not null,
  class               text not null,
  node_id             text,
  error               text not null,      -- normalised and redacted
  error_class         text not null,
  evidence            jsonb not null,     -- redacted copy: deleting a workflow deletes its runs
  opened_at           timestamptz not null,
  last_failure_at     timestamptz not null,
  count               bigint not null,
  told                jsonb not null default '{}', -- channel id → what it knows
  resolved_at         timestamptz,
  updated_at          timestamptz not null default now()
);
create unique index if not exists alerts_open on public.alerts (project_id, fingerprint) where status <> 'resolved';
create index if not exists alerts_recent on public.alerts (project_id, last_failure_at desc);
comment on table public.alerts is 'Open and past troubles: one per project and fingerprint at a time';

create table if not exists public.alert_folds (
  id               uuid primary key,
  project_id       uuid not null,
  alert_id         uuid not null,
  kind             text not null,
  class            text not null,
  severity         text not null,
  workflow         text,
  workflow_version integer,
  node_id          text,
  node_type        text,
  http_status      smallint,
  error_class      text not null,
  error            text not null,         -- normalised: equal for all failures of the fold
  sample           text not null,         -- one failure's own text, redacted
  labels           jsonb not null default '{}',
  run_id           uuid,                  -- one of them
  count            integer not null,
  decided_for      timestamptz not null,  -- the second of recording that decisions reckoned with
  first_at         timestamptz not null,
  last_at          timestamptz not null
);
create index if not exists alert_folds_alert on public.alert_folds (alert_id, decided_for desc);
comment on table public.alert_folds is 'Failures of one batch that agree in all a rule can look at; decided together';

create table if not exists public.alert_failures (
  project_id  uuid not null,
  source_ref  text not null,              -- what was seen, e.g. event:4711; unique with its time
  source_time timestamptz not null,
  fold_id     uuid not null,
  run_id      uuid,
  noticed_at  timestamptz not null,       -- when the signal was recorded
  primary key (project_id, source_ref, source_time)
);
create index if not exists alert_failures_fold on public.alert_failures (fold_id);
comment on table public.alert_failures is 'Every failure event, once per source reference; what it was stands in its fold';

create table if not exists public.alert_logs (
  id              bigint generated always as identity primary key,
  project_id      uuid not null,
  at              timestamptz not null,   -- the decision's own time
  fold_id         uuid,
  alert_id        uuid not null,
  effect          text not null check (effect in ('told', 'folded', 'held', 'blocked', 'outcome')),
  reason          text not null,          -- closed list, see the reference
  count           integer not null,       -- failures this row answers for
  severity        text not null,
  rule            text,
  channel_id      uuid,
  channel         text,
  notification_id uuid,
  blocked_by      text,
  eligible_at     timestamptz,
  settings_version bigint not null default 0,
  logged_at       timestamptz not null default now()
);
create index if not exists alert_logs_project on public.alert_logs (project_id, id desc);
create index if not exists alert_logs_fold on public.alert_logs (fold_id);
comment on table public.alert_logs is 'The ledger, append-only: every decision and every outcome, with its reason';

create table if not exists public.alert_notifications (
  id               uuid primary key,      -- also the idempotency id on every try
  project_id       uuid not null,
  alert_id         uuid not null,
  fold_id          uuid not null,
  channel_id       uuid not null,
  reason           text not null,
  severity         text not null,
  content          jsonb not null,        -- redacted and frozen: every try sends the same
  template_version smallint not null,
  state            text not null default 'pending'
                   check (state in ('pending', 'delivered', 'rejected', 'expired')),
  attempts         integer not null default 0,
  detail           text,                  -- the last answer, redacted
  created_at       timestamptz not null default now(),
  deadline_at      timestamptz not null,
  next_attempt_at  timestamptz,
  finished_at      timestamptz
);
create index if not exists alert_notifications_alert on public.alert_notifications (alert_id);
create index if not exists alert_notifications_recent on public.alert_notifications (project_id, created_at desc);
comment on table public.alert_notifications is 'One message about one alert to one channel';

create table if not exists public.alert_attempts (
  notification_id uuid not null,
  number          integer not null,
  project_id      uuid not null,
  started_at      timestamptz not null,
  finished_at     timestamptz not null,
  outcome         text not null check (outcome in ('delivered', 'try_again', 'rejected', 'ambiguous')),
  detail          text not null,          -- the other side's answer, redacted
  worker          text not null,
  primary key (notification_id, number)
);
comment on table public.alert_attempts is 'Every try at a notification';

create table if not exists public.alert_health (
  part       text primary key,            -- worker:<name>, sweep:<name>
  state      text not null,
  detail     jsonb not null default '{}',
  updated_at timestamptz not null default now()
);
comment on table public.alert_health is 'How the alert system itself is doing';

-- ------------------------------------------------------------------ what only the service sees

create table if not exists meshhook_alerts.signals (
  -- The nil uuid stands for "not found yet"; a worker looks again.
  project_id  uuid not null default '00000000-0000-0000-0000-000000000000',
  id          bigint generated always as identity,
  source      text not null,              -- whose judge decides: meshhook, api
  observed    text not null,
  source_ref  text not null,
  source_time timestamptz not null,
  noticed_at  timestamptz not null default clock_timestamp(),
  run_id      uuid,
  workflow_id uuid,
  workflow    text,
  node_id     text,
  node_type   text,
  attempt     text,                       -- as found; foreign data may not be a number
  http_status text,
  error       text,
  labels      jsonb,
  primary key (project_id, id),
  unique (project_id, source_ref, source_time)
);
comment on table meshhook_alerts.signals is 'Inbox of raw observations; a row lives until a worker has decided on it';

create table if not exists meshhook_alerts.project_state (
  project_id       uuid primary key,
  settings_version bigint not null default 0,
  decided_at       timestamptz,
  postponed_until  timestamptz            -- it could not be decided on; others go first till then
);
comment on table meshhook_alerts.project_state is 'One row per project; whoever holds its lock decides for the project';

create table if not exists meshhook_alerts.sweeps (
  name        text primary key,
  position    jsonb,                      -- where the next slice begins; null: at the start
  finished_at timestamptz
);
comment on table meshhook_alerts.sweeps is 'How far each periodic search has come';

-- ------------------------------------------------------------------ who may see what

create or replace function meshhook_alerts.caller() returns uuid
language sql stable set search_path = '' as $$
  select nullif(nullif(current_setting('request.jwt.claims', true), '')::jsonb ->> 'sub', '')::uuid
$$;
comment on function meshhook_alerts.caller is 'The signed-in user, from the request''s claims; the one place that reads them';

create or replace function meshhook_alerts.my_projects(wanted text) returns setof uuid
language plpgsql stable security definer set search_path = '' as $$
begin
  -- Today MeshHook knows owners only; members and their roles belong here when it learns of them.
  if wanted in ('read', 'edit') and to_regclass('public.projects') is not null then
    return query execute 'select id from public.projects where owner = $1' using meshhook_alerts.caller();
  end if;
end $$;
comment on function meshhook_alerts.my_projects is 'Projects in which the caller may do what is wanted (read, edit); every policy rests on it';

revoke all on schema meshhook_alerts from public;
revoke all on all functions in schema meshhook_alerts from public;
grant usage on schema meshhook_alerts to authenticated, service_role;
grant execute on function meshhook_alerts.caller(), meshhook_alerts.my_projects(text) to authenticated, service_role;

do $$
declare
  user_table text;
begin
  foreach user_table in array array[
    'alert_settings', 'alert_settings_versions', 'alert_channels', 'alert_silences', 'alerts',
    'alert_folds', 'alert_failures', 'alert_logs', 'alert_notifications', 'alert_attempts', 'alert_health'
  ] loop
    -- Supabase grants everything on a new table of public by default; take it back first.
    execute format('revoke all on public.%I from public, anon, authenticated, service_role', user_table);
    execute format('alter table public.%I enable row level security', user_table);
    execute format('drop policy if exists service_reads on public.%I', user_table);
    execute format('create policy service_reads on public.%I for select to service_role using (true)', user_table);
    if user_table <> 'alert_health' then
      execute format('drop policy if exists members_read on public.%I', user_table);
      execute format($policy$
        create policy members_read on public.%I for select to authenticated
        using (project_id = any (array(select meshhook_alerts.my_projects('read'))))
      $policy$, user_table);
    end if;
    if user_table <> 'alert_channels' then
      execute format('grant select on public.%I to authenticated, service_role', user_table);
    end if;
  end loop;

  foreach user_table in array array['alert_settings', 'alert_channels'] loop
    execute format('drop policy if exists editors_write on public.%I', user_table);
    execute format($policy$
      create policy editors_write on public.%I for all to authenticated
      using (project_id = any (array(select meshhook_alerts.my_projects('edit'))))
      with check (project_id = any (array(select meshhook_alerts.my_projects('edit'))))
    $policy$, user_table);
    execute format('drop policy if exists service_writes on public.%I', user_table);
    execute format('create policy service_writes on public.%I for all to service_role using (true) with check (true)', user_table);
  end loop;
end $$;

grant insert, update, delete on public.alert_settings to authenticated, service_role;
-- Column by column: `secrets` is not among them, neither to read nor to write.
grant select (id, project_id, name, kind, config, secret_names, enabled, version, created_at, updated_at)
  on public.alert_channels to authenticated, service_role;
grant insert (project_id, name, kind, config, secret_names, enabled),
      update (kind, config, secret_names, enabled, version, updated_at), delete
  on public.alert_channels to authenticated, service_role;

-- Whoever changes settings, and however: the version counts up, and every version is kept.
create or replace function meshhook_alerts.count_settings_version() returns trigger
language plpgsql security definer set search_path = '' as $$
begin
  select coalesce(max(kept.version), 0) + 1 into new.version from public.alert_settings_versions kept
  where kept.project_id = new.project_id and coalesce(kept.workflow, '') = coalesce(new.workflow, '');
  new.updated_at := now();
  if current_setting('role', true) = 'authenticated' then
    new.updated_by := meshhook_alerts.caller();
  end if;
  return new;
end $$;
create or replace function meshhook_alerts.keep_settings_version() returns trigger
language plpgsql security definer set search_path = '' as $$
begin
  insert into public.alert_settings_versions (project_id, workflow, version, document, changed_by)
  values (new.project_id, new.workflow, new.version, new.document, new.updated_by);
  return null;
end $$;
create or replace trigger count_version before insert or update on public.alert_settings
  for each row execute function meshhook_alerts.count_settings_version();
create or replace trigger keep_version after insert or update on public.alert_settings
  for each row execute function meshhook_alerts.keep_settings_version();

-- Workers keep a project's settings in memory and reload them when this number has moved.
create or replace function meshhook_alerts.settings_changed() returns trigger
language plpgsql security definer set search_path = '' as $$
begin
  insert into meshhook_alerts.project_state as state (project_id, settings_version)
  values (coalesce(new.project_id, old.project_id), 1)
  on conflict (project_id) do update set settings_version = state.settings_version + 1;
  return null;
end $$;
create or replace trigger settings_changed after insert or update or delete on public.alert_settings
  for each row execute function meshhook_alerts.settings_changed();
create or replace trigger settings_changed after insert or update or delete on public.alert_channels
  for each row execute function meshhook_alerts.settings_changed();

-- Live pages of a Supabase project listen here; row-level security applies to each reader.
do $$
declare
  live_table text;
begin
  if exists (select 1 from pg_publication where pubname = 'supabase_realtime' and not puballtables) then
    foreach live_table in array array['alerts', 'alert_logs', 'alert_notifications', 'alert_health'] loop
      if not exists (select 1 from pg_publication_tables where pubname = 'supabase_realtime'
                     and schemaname = 'public' and tablename = live_table) then
        execute format('alter publication supabase_realtime add table public.%I', live_table);
      end if;
    end loop;
  end if;
exception when insufficient_privilege then
  raise notice 'MeshHook Alerts: % may not add tables to the publication supabase_realtime', current_user;
end $$;

insert into meshhook_alerts.migrations (version) values ('20261123000100') on conflict do nothing;
