-- A MeshHook database as it stands today: what MeshHook Alerts attaches to, for the demo and
-- the tests. Made for an empty database of Postgres 15 or later; running it again changes
-- nothing but to add the partitions that have come due.
--
-- Order: what Supabase provides, the tables, their events by month, row-level security, the queue.

-- ---------------------------------------------------------------------------------------------
-- What Supabase provides. Each part is made only where it is missing.
-- ---------------------------------------------------------------------------------------------

do $roles$
declare
  is_superuser boolean := (select rolsuper from pg_roles where rolname = current_user);
  wanted text;
begin
  foreach wanted in array array['anon', 'authenticated', 'service_role'] loop
    continue when exists (select from pg_roles where rolname = wanted);
    begin
      -- Only a superuser may hand out the right to bypass row-level security.
      execute format(
        'create role %I nologin%s',
        wanted, case when is_superuser and wanted = 'service_role' then ' bypassrls' else '' end
      );
      if not is_superuser then
        execute format('grant %I to %I', wanted, current_user);  -- so that it can set the role
      end if;
    exception when duplicate_object or unique_violation then
      null;  -- roles belong to the whole cluster: another database's installation was quicker
    end;
  end loop;
end
$roles$;

do $auth$
begin
  if to_regnamespace('auth') is null then
    create schema auth;
    grant usage on schema auth to anon, authenticated, service_role;
  end if;
  if to_regclass('auth.users') is null then
    create table auth.users (
      id uuid primary key default gen_random_uuid(),
      email text unique,
      created_at timestamptz not null default now()
    );
  end if;
  if to_regprocedure('auth.uid()') is null then
    create function auth.uid() returns uuid language sql stable as $body$
      select (nullif(current_setting('request.jwt.claims', true), '')::jsonb ->> 'sub')::uuid
    $body$;
  end if;
end
$auth$;

-- Default privileges, so that a second run never widens what was narrowed since.
grant usage on schema public to anon, authenticated, service_role;
alter default privileges in schema public
  grant all on tables to anon, authenticated, service_role;
alter default privileges in schema public
  grant all on sequences to anon, authenticated, service_role;
alter default privileges in schema public
  grant all on functions to anon, authenticated, service_role;

-- ---------------------------------------------------------------------------------------------
-- Tables
-- ---------------------------------------------------------------------------------------------

create table if not exists public.projects (
  id uuid primary key default gen_random_uuid(),
  owner uuid not null,  -- a user of auth.users, without a foreign key
  name text not null,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now()
);

-- Every version is a row of its own with an id of its own.
create table if not exists public.workflow_definitions (
  id uuid primary key default gen_random_uuid(),
  project_id uuid not null references public.projects (id) on delete cascade,
  slug text not null,
  version integer not null default 1,
  definition jsonb not null,
  name text not null,
  description text,
  status text not null default 'draft' check (status in ('draft', 'published', 'archived')),
  user_id uuid,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  unique (project_id, slug, version)
);

create or replace view public.workflows with (security_invoker = true) as
  select id, project_id, slug, version, definition, name, description, status, user_id,
         created_at, updated_at
  from public.workflow_definitions;

create table if not exists public.workflow_runs (
  id uuid primary key default gen_random_uuid(),
  project_id uuid not null references public.projects (id) on delete cascade,
  workflow_id uuid not null references public.workflow_definitions (id) on delete cascade,
  status text not null
    check (status in ('running', 'succeeded', 'failed', 'paused', 'canceled')),
  started_at timestamptz not null default now(),
  finished_at timestamptz,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now()
);
create index if not exists workflow_runs_project on public.workflow_runs (project_id);
create index if not exists workflow_runs_workflow on public.workflow_runs (workflow_id);
create index if not exists workflow_runs_status on public.workflow_runs (status);
create index if not exists workflow_runs_project_started
  on public.workflow_runs (project_id, started_at desc);

create sequence if not exists public.workflow_events_id_seq;
create table if not exists public.workflow_events (
  id bigint not null default nextval('public.workflow_events_id_seq'),
  run_id uuid not null references public.workflow_runs (id) on delete cascade,
  ts timestamptz not null default now(),
  type text not null,  -- free text: a later engine may write types nobody knows yet
  payload jsonb not null,
  created_at timestamptz not null default now(),
  primary key (id, ts)
) partition by range (ts);
alter sequence public.workflow_events_id_seq owned by public.workflow_events.id;

create table if not exists public.queue_config (
  id uuid primary key default gen_random_uuid(),
  queue_name text not null unique,
  visibility_timeout_seconds integer not null default 30,
  max_retry_attempts integer not null default 5,
  retry_backoff_base_ms integer not null default 1000,
  retry_backoff_max_ms integer not null default 300000,
  dlq_enabled boolean not null default true,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now()
);
insert into public.queue_config (queue_name, dlq_enabled)
values ('workflow_jobs', true), ('workflow_jobs_dlq', false)
on conflict (queue_name) do nothing;

create table if not exists public.job_tracking (
  id uuid primary key default gen_random_uuid(),
  msg_id bigint not null,  -- indexed, not unique: ids of different queues meet here
  run_id uuid not null references public.workflow_runs (id) on delete cascade,
  queue_name text not null,
  attempt integer not null default 1,
  max_attempts integer not null default 5,
  enqueued_at timestamptz not null default now(),
  started_at timestamptz,
  completed_at timestamptz,
  failed_at timestamptz,  -- never written
  moved_to_dlq_at timestamptz,
  error_message text,
  error_stack text,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now()
);
create index if not exists job_tracking_msg on public.job_tracking (msg_id);
create index if not exists job_tracking_run on public.job_tracking (run_id);

create table if not exists public.audit_log (
  id uuid primary key default gen_random_uuid(),
  project_id uuid references public.projects (id) on delete cascade,
  user_id uuid not null,
  action text not null,
  resource_type text not null,
  resource_id uuid,
  metadata jsonb,
  ip_address inet,
  user_agent text,
  created_at timestamptz not null default now()
);

create or replace function public.meshhook_touch() returns trigger language plpgsql as $body$
begin
  new.updated_at := now();  -- also over a value the statement itself gave
  return new;
end
$body$;

do $triggers$
declare
  target text;
begin
  foreach target in array array[
    'projects', 'workflow_definitions', 'workflow_runs', 'queue_config', 'job_tracking'
  ] loop
    execute format(
      'create or replace trigger touch_updated_at before update on public.%I
       for each row execute function public.meshhook_touch()',
      target
    );
  end loop;
end
$triggers$;

-- ---------------------------------------------------------------------------------------------
-- Events by month. There is no default partition: past the last one an insert is refused.
-- ---------------------------------------------------------------------------------------------

create or replace function public.meshhook_add_events_partition(month date)
returns void language plpgsql as $body$
declare
  first_day date := date_trunc('month', month::timestamp);
  next_month date := first_day + interval '1 month';
  partition text := 'workflow_events_y' || to_char(first_day, 'YYYY"m"MM');
begin
  if to_regclass('public.' || partition) is not null then
    return;
  end if;
  execute format(
    'create table public.%I partition of public.workflow_events for values from (%L) to (%L)',
    partition, first_day || ' 00:00:00+00', next_month || ' 00:00:00+00'
  );
  execute format('create index on public.%I (run_id)', partition);
  execute format('create index on public.%I (run_id, ts)', partition);
  execute format('create index on public.%I (type)', partition);
end
$body$;

select public.meshhook_add_events_partition(
  ((now() at time zone 'UTC')::date + make_interval(months => ahead))::date
)
from generate_series(-2, 3) as ahead;

-- ---------------------------------------------------------------------------------------------
-- Row-level security: a project's owner, for all four verbs. Events, queue settings and job
-- tracking have none, as in today's MeshHook, so who reads them must scope by project itself.
-- ---------------------------------------------------------------------------------------------

do $policies$
declare
  target text;
  verb text;
  own text;
begin
  foreach target in array array['projects', 'workflow_definitions', 'workflow_runs', 'audit_log']
  loop
    execute format('alter table public.%I enable row level security', target);
    own := case target
      when 'projects' then 'owner = auth.uid()'
      else 'project_id in (select p.id from public.projects p where p.owner = auth.uid())'
    end;
    foreach verb in array array['select', 'insert', 'update', 'delete'] loop
      continue when exists (
        select from pg_policies
        where schemaname = 'public' and tablename = target and policyname = 'own_' || verb
      );
      execute format('create policy %I on public.%I for %s', 'own_' || verb, target, verb)
        || case when verb <> 'insert' then format(' using (%s)', own) else '' end
        || case when verb in ('insert', 'update') then format(' with check (%s)', own) else '' end;
    end loop;
  end loop;
end
$policies$;

-- ---------------------------------------------------------------------------------------------
-- The queue, where pgmq is installed
-- ---------------------------------------------------------------------------------------------

do $queue$
begin
  if to_regnamespace('pgmq') is null then
    return;
  end if;
  if to_regclass('pgmq.q_workflow_jobs') is null then
    perform pgmq.create('workflow_jobs');
  end if;
  if to_regclass('pgmq.q_workflow_jobs_dlq') is null then
    perform pgmq.create('workflow_jobs_dlq');
  end if;

  -- The oldest age counts from the enqueueing, so it takes in messages that wait on purpose
  -- and messages in a worker's hands: it reports more lag than there is.
  create or replace view public.queue_monitoring as
    select 'workflow_jobs'::text as queue_name,
           count(*) as queue_length,
           count(*) filter (where vt > now()) as in_flight,
           extract(epoch from now() - min(enqueued_at))::bigint as oldest_message_age_seconds
    from pgmq.q_workflow_jobs
    union all
    select 'workflow_jobs_dlq'::text,
           count(*),
           count(*) filter (where vt > now()),
           extract(epoch from now() - min(enqueued_at))::bigint
    from pgmq.q_workflow_jobs_dlq;

  -- Failed is always 0, for nobody writes failed_at; a retried attempt stays pending for ever.
  create or replace view public.job_statistics as
    select queue_name,
           count(*) as total_jobs,
           count(*) filter (where completed_at is not null) as completed_jobs,
           count(*) filter (where failed_at is not null) as failed_jobs,
           count(*) filter (where moved_to_dlq_at is not null) as dlq_jobs,
           count(*) filter (
             where completed_at is null and failed_at is null and moved_to_dlq_at is null
           ) as pending_jobs
    from public.job_tracking
    group by queue_name;
end
$queue$;
