-- MeshHook Alerts: what makes detection safe. Since when we watch, what was known before, which
-- failure decided about a run, whose turn a sweep is, and times from foreign tables made harmless.

create table if not exists meshhook_alerts.attachment (
  only_row    boolean primary key default true check (only_row),
  attached_at timestamptz not null
);
comment on table meshhook_alerts.attachment is 'Since when we watch: what had ended or gone silent before is known, and told to nobody';
insert into meshhook_alerts.attachment (attached_at)
select coalesce(min(applied_at), now()) from meshhook_alerts.migrations
on conflict do nothing;

-- The first terminal failure of a run decides which alert the run belongs to; later ones are evidence.
create table if not exists meshhook_alerts.run_verdicts (
  run_id     uuid primary key,
  project_id uuid not null,
  fold_id    uuid,                    -- null: it was so before we were attached
  decided_at timestamptz not null default now()
);
comment on table meshhook_alerts.run_verdicts is 'Runs of which a terminal failure is recorded, or was known before we were attached';

-- What was told of a run after its verdict: recorded on the verdict's alert, counted nowhere.
alter table public.alert_folds add column if not exists evidence boolean not null default false;

create table if not exists public.alert_baseline (
  project_id uuid not null,
  workflow   text,
  kind       text not null,
  runs       bigint not null,
  examples   uuid[] not null,         -- a few of them
  updated_at timestamptz not null default now()
);
create unique index if not exists alert_baseline_place
  on public.alert_baseline (project_id, coalesce(workflow, ''), kind);
comment on table public.alert_baseline is 'Runs that had failed or gone silent before alerts were attached: counted, told to nobody';
revoke all on public.alert_baseline from public, anon, authenticated, service_role;
alter table public.alert_baseline enable row level security;
drop policy if exists service_reads on public.alert_baseline;
create policy service_reads on public.alert_baseline for select to service_role using (true);
drop policy if exists members_read on public.alert_baseline;
create policy members_read on public.alert_baseline for select to authenticated
  using (project_id = any (array(select meshhook_alerts.my_projects('read'))));
grant select on public.alert_baseline to authenticated, service_role;

-- A dead letter has been put back into the queue: the trouble is not over, and somebody is at it.
alter table public.alerts add column if not exists retrying_at timestamptz;

-- A sweep has one turn per interval for all workers together.
alter table meshhook_alerts.sweeps add column if not exists due_at timestamptz not null default now();
alter table meshhook_alerts.sweeps add column if not exists slice integer;  -- rows at a time; null: as many as it likes
alter table meshhook_alerts.sweeps add column if not exists failures integer not null default 0;
alter table meshhook_alerts.sweeps add column if not exists trouble text;
alter table meshhook_alerts.sweeps add column if not exists took_ms double precision;

alter table meshhook_alerts.run_watch add column if not exists met_at timestamptz not null default now();

-- Which runs that never started was a project told of? Asked when all workers are found silent.
create index if not exists alerts_never_started on public.alerts (project_id)
  where kind = 'never_started' and status <> 'resolved';

-- Anybody who owns a run may write any time into it. What no clock shows is no time.
create or replace function meshhook_alerts.sane(moment timestamptz) returns timestamptz
language sql immutable as $$
  select case when moment >= timestamptz '1970-01-01 00:00Z' and moment < timestamptz '2200-01-01 00:00Z'
    then moment end
$$;
comment on function meshhook_alerts.sane is 'A time from a foreign table, or null where it is infinite or absurd';

-- Of a step that will be tried again only the first failed attempt can be news: some errors no retry
-- mends. Those between it and the lowest attempt limit of any workflow say nothing, and need no signal.
create table if not exists meshhook_alerts.attempt_limits (
  only_row boolean primary key default true check (only_row),
  lowest   integer not null
);
comment on table meshhook_alerts.attempt_limits is 'The lowest attempt limit that any settings name, 5 at most';
insert into meshhook_alerts.attempt_limits (lowest) values (5) on conflict do nothing;

create or replace function meshhook_alerts.note_attempt_limits() returns trigger
language plpgsql security definer set search_path = '' as $$
begin
  update meshhook_alerts.attempt_limits set lowest = least(5, (
    select min(case when document ->> 'attempt_limit' ~ '^[0-9]{1,3}$'
                    then (document ->> 'attempt_limit')::integer end)
    from public.alert_settings));
  return null;
end $$;
create or replace trigger note_attempt_limits after insert or update or delete on public.alert_settings
  for each statement execute function meshhook_alerts.note_attempt_limits();

create or replace function meshhook_alerts.on_step_failed() returns trigger
language plpgsql security definer set search_path = '' set lock_timeout = '100ms' as $$
begin
  if current_setting('meshhook_alerts.inbox_busy', true) = 'on' then
    return null;
  end if;
  if new.payload ->> 'attempt' in ('2', '3', '4') and (new.payload ->> 'attempt')::integer
       < (select limits.lowest from meshhook_alerts.attempt_limits limits) then
    return null;
  end if;
  insert into meshhook_alerts.signals
    (project_id, source, observed, source_ref, source_time, run_id, workflow_id,
     node_id, node_type, attempt, error)
  select coalesce(run.project_id, '00000000-0000-0000-0000-000000000000'), 'meshhook', 'step_failed',
         'event:' || new.id,
         coalesce(meshhook_alerts.sane(new.ts), meshhook_alerts.sane(run.started_at), 'epoch'),
         new.run_id, run.workflow_id,
         left(new.payload #>> '{node,id}', 200), left(new.payload #>> '{node,type}', 100),
         left(new.payload ->> 'attempt', 20), left(new.payload ->> 'error', 2000)
  from (select) as always left join public.workflow_runs run on run.id = new.run_id
  on conflict do nothing;
  perform meshhook_alerts.wake();
  return null;
exception
  when lock_not_available then
    -- One wait is enough for a whole transaction, however many of its rows show a failure.
    perform set_config('meshhook_alerts.inbox_busy', 'on', true);
    return null;
  when others then
    return null;
end $$;

create or replace function meshhook_alerts.on_run_failed() returns trigger
language plpgsql security definer set search_path = '' set lock_timeout = '100ms' as $$
declare
  step jsonb;
begin
  if current_setting('meshhook_alerts.inbox_busy', true) = 'on' then
    return null;
  end if;
  if tg_op = 'UPDATE' and old.status = 'failed' then
    return null;  -- it had failed before
  end if;
  select event.payload into step from public.workflow_events event
  where event.run_id = new.id and event.type = 'step_failed'
  order by event.ts desc, event.id desc limit 1;
  insert into meshhook_alerts.signals
    (project_id, source, observed, source_ref, source_time, run_id, workflow_id,
     node_id, node_type, attempt, error)
  values (new.project_id, 'meshhook', 'run_failed', 'run:' || new.id || ':failed',
          coalesce(meshhook_alerts.sane(new.started_at), 'epoch'), new.id, new.workflow_id,
          left(step #>> '{node,id}', 200), left(step #>> '{node,type}', 100),
          left(step ->> 'attempt', 20), left(step ->> 'error', 2000))
  on conflict do nothing;
  perform meshhook_alerts.wake();
  return null;
exception
  when lock_not_available then
    -- One wait is enough for a whole transaction, however many of its rows show a failure.
    perform set_config('meshhook_alerts.inbox_busy', 'on', true);
    return null;
  when others then
    return null;
end $$;

create or replace function meshhook_alerts.on_dead_letter() returns trigger
language plpgsql security definer set search_path = '' set lock_timeout = '100ms' as $$
begin
  if current_setting('meshhook_alerts.inbox_busy', true) = 'on' then
    return null;
  end if;
  insert into meshhook_alerts.signals
    (project_id, source, observed, source_ref, source_time, run_id, workflow_id, attempt, error)
  select coalesce(run.project_id, '00000000-0000-0000-0000-000000000000'), 'meshhook', 'dead_letter',
         'dlq:' || new.run_id || ':' || new.msg_id,
         coalesce(meshhook_alerts.sane(run.started_at), 'epoch'), new.run_id,
         run.workflow_id, left(new.attempt::text, 20), left(new.error_message, 2000)
  from (select) as always left join public.workflow_runs run on run.id = new.run_id
  on conflict do nothing;
  perform meshhook_alerts.wake();
  return null;
exception
  when lock_not_available then
    -- One wait is enough for a whole transaction, however many of its rows show a failure.
    perform set_config('meshhook_alerts.inbox_busy', 'on', true);
    return null;
  when others then
    return null;
end $$;

-- How the searches are doing, for the service's own callers: the schema is closed to them.
create or replace function meshhook_alerts.sweep_states()
returns table (name text, finished_at timestamptz, took_ms double precision, failures integer,
               trouble text, due_at timestamptz, attached_at timestamptz)
language sql stable security definer set search_path = '' as $$
  select sweep.name, sweep.finished_at, sweep.took_ms, sweep.failures, sweep.trouble, sweep.due_at,
         (select attachment.attached_at from meshhook_alerts.attachment)
  from meshhook_alerts.sweeps sweep
$$;
comment on function meshhook_alerts.sweep_states is 'Last good look, last cost and trouble of each periodic search';

-- Whoever adds a partition to MeshHook's events puts our trigger on it, and may not be us.
revoke all on all functions in schema meshhook_alerts from public;
grant execute on function meshhook_alerts.on_step_failed(), meshhook_alerts.on_run_failed(),
  meshhook_alerts.on_dead_letter(), meshhook_alerts.sane(timestamptz) to public;
grant execute on function meshhook_alerts.caller(), meshhook_alerts.my_projects(text) to authenticated, service_role;
grant execute on function meshhook_alerts.sweep_states() to service_role;

insert into meshhook_alerts.migrations (version) values ('20261125000600') on conflict do nothing;
