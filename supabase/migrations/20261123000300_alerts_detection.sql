-- MeshHook Alerts: triggers that add a raw signal where one row shows a failure.
--
-- They run inside MeshHook's transactions, so: nothing on the success path but one equality test,
-- one small insert on the failure path, at most one short wait, and whatever goes wrong is
-- swallowed; the sweep catches up. Each WHEN is a single comparison because Postgres sets the
-- expression up anew for every statement, so its shape is what a successful run pays.

create or replace function meshhook_alerts.wake() returns void language plpgsql as $$
begin
  -- A sleeping worker holds no lock; only then is a notify worth its price at commit. A notify
  -- that finds the server's queue full would fail that commit, so the queue must have room.
  if pg_try_advisory_xact_lock_shared(7241150193621) and pg_notification_queue_usage() < 0.5 then
    perform pg_notify('meshhook_alerts', '');
  end if;
end $$;

create or replace function meshhook_alerts.on_step_failed() returns trigger
language plpgsql security definer set search_path = '' set lock_timeout = '100ms' as $$
begin
  if current_setting('meshhook_alerts.inbox_busy', true) = 'on' then
    return null;
  end if;
  insert into meshhook_alerts.signals
    (project_id, source, observed, source_ref, source_time, run_id, workflow_id,
     node_id, node_type, attempt, error)
  select coalesce(run.project_id, '00000000-0000-0000-0000-000000000000'), 'meshhook', 'step_failed',
         'event:' || new.id, coalesce(new.ts, run.started_at, 'epoch'), new.run_id, run.workflow_id,
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
  select event.payload into step from public.workflow_events event
  where event.run_id = new.id and event.type = 'step_failed'
  order by event.ts desc, event.id desc limit 1;
  insert into meshhook_alerts.signals
    (project_id, source, observed, source_ref, source_time, run_id, workflow_id,
     node_id, node_type, attempt, error)
  values (new.project_id, 'meshhook', 'run_failed', 'run:' || new.id || ':failed',
          coalesce(new.started_at, 'epoch'), new.id, new.workflow_id,
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
         'job:' || new.id || ':dead', new.moved_to_dlq_at, new.run_id, run.workflow_id,
         left(new.attempt::text, 20), left(new.error_message, 2000)
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

create table if not exists meshhook_alerts.attachments (
  trigger_name text primary key,
  table_name   text not null,
  state        text not null,  -- attached | absent | denied | busy | unfit
  detail       text,
  checked_at   timestamptz not null default now()
);
comment on table meshhook_alerts.attachments is 'Which of MeshHook''s tables carry our triggers, and why not';

create or replace function meshhook_alerts.attach_one(
  table_name text, trigger_name text, event text, condition text, handler text
) returns void language plpgsql set search_path = '' as $$
declare
  target regclass := to_regclass('public.' || quote_ident(table_name));
  found_state text := 'attached';
  found_detail text;
begin
  if target is null then
    found_state := 'absent';
    found_detail := 'table public.' || table_name || ' does not exist';
  elsif not exists (select 1 from pg_catalog.pg_trigger t where t.tgrelid = target and t.tgname = trigger_name) then
    begin
      -- Whoever writes to the table waits behind us as long as we wait.
      perform set_config('lock_timeout', '500ms', true);
      execute format('create trigger %I after %s on %s for each row when (%s) execute function meshhook_alerts.%I()',
                     trigger_name, event, target, condition, handler);
    exception
      when insufficient_privilege then found_state := 'denied'; found_detail := sqlerrm;
      when duplicate_object then null;  -- another process was quicker
      when lock_not_available then found_state := 'busy'; found_detail := sqlerrm;
      when others then found_state := 'unfit'; found_detail := sqlerrm;  -- a view, no such column
    end;
  end if;
  insert into meshhook_alerts.attachments as known values (trigger_name, table_name, found_state, found_detail, now())
  on conflict on constraint attachments_pkey do update
    set state = excluded.state, detail = excluded.detail, checked_at = excluded.checked_at;
end $$;

create or replace function meshhook_alerts.attach() returns setof meshhook_alerts.attachments
language plpgsql set search_path = '' as $$
begin
  perform meshhook_alerts.attach_one('workflow_events', 'meshhook_alerts_step_failed',
    'insert', $when$new.type = 'step_failed'$when$, 'on_step_failed');
  perform meshhook_alerts.attach_one('workflow_runs', 'meshhook_alerts_run_failed',
    'insert or update of status', $when$new.status = 'failed'$when$, 'on_run_failed');
  perform meshhook_alerts.attach_one('job_tracking', 'meshhook_alerts_dead_letter',
    'update of moved_to_dlq_at', $when$new.moved_to_dlq_at is not null$when$, 'on_dead_letter');
  return query select * from meshhook_alerts.attachments order by table_name;
end $$;
comment on function meshhook_alerts.attach is 'Puts our triggers on MeshHook''s tables where it may; run again whenever tables appear';

revoke all on all functions in schema meshhook_alerts from public;
-- Whoever adds a partition to MeshHook's events puts our trigger on it, and may not be us.
grant execute on function meshhook_alerts.on_step_failed(), meshhook_alerts.on_run_failed(),
  meshhook_alerts.on_dead_letter() to public;
grant execute on function meshhook_alerts.caller(), meshhook_alerts.my_projects(text) to authenticated, service_role;

do $$ begin perform meshhook_alerts.attach(); end $$;

insert into meshhook_alerts.migrations (version) values ('20261123000300') on conflict do nothing;
