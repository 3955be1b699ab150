-- MeshHook Alerts: triggers that are cheaper where nothing is news, and fit into every kind of
-- transaction.
--
-- A failed attempt that will be tried again, and says so, costs next to nothing: the first one is
-- news only if no retry mends its error, and a plain HTTP 5xx is none of those.
-- A serializable transaction gets no reads from us: with them it could conflict with another one of
-- MeshHook's where it would not have without us. A worker finds the project afterwards.
-- A transaction that may be prepared gets no notify and no lock: Postgres refuses to prepare those.
-- Whoever may make tables may put our triggers on them; only MeshHook's own tables are listened to.

create or replace function meshhook_alerts.wake() returns void
language plpgsql set search_path = '' as $$
begin
  -- A sleeping worker holds no lock; only then is a notify worth its price at commit. A notify
  -- that finds the server's queue full would fail that commit, so the queue must have room.
  if current_setting('max_prepared_transactions') = '0'
     and pg_try_advisory_xact_lock_shared(7241150193621) and pg_notification_queue_usage() < 0.5 then
    perform pg_notify('meshhook_alerts', '');
  end if;
end $$;

create or replace function meshhook_alerts.is_meshhooks(relation oid, wanted text) returns boolean
language sql stable
return coalesce(pg_partition_root(relation)::oid, relation) is not distinct from to_regclass('public.' || wanted)::oid;
comment on function meshhook_alerts.is_meshhooks is 'Whether a table is one of MeshHook''s, or a partition of it';

create or replace function meshhook_alerts.on_step_failed() returns trigger
language plpgsql security definer set search_path = '' set lock_timeout = '100ms' as $$
declare
  apart boolean := current_setting('transaction_isolation') = 'serializable';
begin
  if current_setting('meshhook_alerts.inbox_busy', true) = 'on'
     or not meshhook_alerts.is_meshhooks(tg_relid, 'workflow_events') then
    return null;
  end if;
  if not apart and new.payload ->> 'attempt' in ('1', '2', '3', '4')
     and (new.payload ->> 'attempt' <> '1' or new.payload ->> 'error' like 'Error: HTTP 5__')
     and (new.payload ->> 'attempt')::integer
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
  from (select) as always
  left join public.workflow_runs run on not apart and run.id = new.run_id
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
  if current_setting('meshhook_alerts.inbox_busy', true) = 'on'
     or not meshhook_alerts.is_meshhooks(tg_relid, 'workflow_runs') then
    return null;
  end if;
  if tg_op = 'UPDATE' and old.status = 'failed' then
    return null;  -- it had failed before
  end if;
  if current_setting('transaction_isolation') <> 'serializable' then
    select event.payload into step from public.workflow_events event
    where event.run_id = new.id and event.type = 'step_failed'
    order by event.ts desc, event.id desc limit 1;
  end if;
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
declare
  apart boolean := current_setting('transaction_isolation') = 'serializable';
begin
  if current_setting('meshhook_alerts.inbox_busy', true) = 'on'
     or not meshhook_alerts.is_meshhooks(tg_relid, 'job_tracking') then
    return null;
  end if;
  insert into meshhook_alerts.signals
    (project_id, source, observed, source_ref, source_time, run_id, workflow_id, attempt, error)
  select coalesce(run.project_id, '00000000-0000-0000-0000-000000000000'), 'meshhook', 'dead_letter',
         'dlq:' || new.run_id || ':' || new.msg_id,
         coalesce(meshhook_alerts.sane(run.started_at), 'epoch'), new.run_id,
         run.workflow_id, left(new.attempt::text, 20), left(new.error_message, 2000)
  from (select) as always
  left join public.workflow_runs run on not apart and run.id = new.run_id
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

insert into meshhook_alerts.migrations (version) values ('20261126000700') on conflict do nothing;
