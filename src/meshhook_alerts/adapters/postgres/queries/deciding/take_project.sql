-- Takes one project that has signals or acts waiting, or a timer due, and that nobody else is deciding for; or,
-- if nobody else is, the one that is asked for.
-- Its name goes into the transaction's own setting, so that the next statement (with a snapshot
-- taken after the lock) can follow in the same round trip. So do the planner's: what its statistics
-- say of an inbox is hours old, and one that has filled up since must be read by its key, in order.
with recursive waiting (project_id) as (
    (select project_id from meshhook_alerts.signals
     where project_id > %(nil)s order by project_id limit 1)
  union all
    select (select next.project_id from meshhook_alerts.signals next
            where next.project_id > waiting.project_id order by next.project_id limit 1)
    from waiting where waiting.project_id is not null
), due as (
  select project_id from meshhook_alerts.timers where due <= clock_timestamp() order by due limit 100
), wanted as (
  select project_id from waiting where project_id is not null union select project_id from due
  union (select project_id from meshhook_alerts.acts limit 100) union select %(only)s::uuid
), taken as (
  select state.project_id, state.settings_version, state.pace
  from meshhook_alerts.project_state state
  join wanted using (project_id)
  where (state.postponed_until is null or state.postponed_until <= clock_timestamp())
    and (%(only)s::uuid is null or state.project_id = %(only)s)
  order by state.decided_at nulls first
  limit 1
  for update of state skip locked
)
select taken.project_id, taken.settings_version, clock_timestamp() as now,
       set_config('meshhook_alerts.project', taken.project_id::text, true),
       exists (select 1 from wanted where project_id is not null) as any_waiting, taken.pace,
       set_config('enable_seqscan', 'off', true), set_config('enable_bitmapscan', 'off', true),
       set_config('enable_sort', 'off', true), set_config('plan_cache_mode', 'force_generic_plan', true)
from (select) as always left join taken on true
