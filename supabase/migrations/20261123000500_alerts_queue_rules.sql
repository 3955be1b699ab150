-- MeshHook Alerts: what the rules about the queue and the platform need.

-- Troubles that are a state, not an event: from when to when each was true. One that stays true is
-- told once; one that is over must have been so for a while before it is forgotten.
create table if not exists meshhook_alerts.conditions (
  project_id   uuid not null,
  kind         text not null,
  key          text not null,        -- which of its kind: a queue, a slug, a table
  since        timestamptz not null,
  last_seen_at timestamptz not null,
  clear_since  timestamptz,          -- when it was first found to be over; null while it is true
  ref          text not null,        -- the source reference of the failure it was told as
  primary key (project_id, kind, key)
);
comment on table meshhook_alerts.conditions is 'States that are wrong now: told once, and over only when they stay over';

-- A dead letter bears one reference, whether the trigger, the dead-letter queue or the tracking
-- table shows it: its run and the message that failed. A second copy of the letter is the same one.
create or replace function meshhook_alerts.on_dead_letter() returns trigger
language plpgsql security definer set search_path = '' set lock_timeout = '100ms' as $$
begin
  if current_setting('meshhook_alerts.inbox_busy', true) = 'on' then
    return null;
  end if;
  insert into meshhook_alerts.signals
    (project_id, source, observed, source_ref, source_time, run_id, workflow_id, attempt, error)
  select coalesce(run.project_id, '00000000-0000-0000-0000-000000000000'), 'meshhook', 'dead_letter',
         'dlq:' || new.run_id || ':' || new.msg_id, coalesce(run.started_at, 'epoch'), new.run_id,
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

insert into meshhook_alerts.migrations (version) values ('20261123000500') on conflict do nothing;
