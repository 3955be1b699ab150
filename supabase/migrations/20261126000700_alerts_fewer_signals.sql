-- MeshHook Alerts: a failed attempt that will be tried again, and says so, costs the engine next to
-- nothing. The first attempt is news only if no retry mends its error; a plain HTTP 5xx is not one
-- of those. Everything else about the function is as it was.

create or replace function meshhook_alerts.on_step_failed() returns trigger
language plpgsql security definer set search_path = '' set lock_timeout = '100ms' as $$
begin
  if current_setting('meshhook_alerts.inbox_busy', true) = 'on' then
    return null;
  end if;
  if new.payload ->> 'attempt' in ('1', '2', '3', '4')
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

insert into meshhook_alerts.migrations (version) values ('20261126000700') on conflict do nothing;
