-- Signals whose run cannot be found any more (deleted, or never visible to us) are decided on
-- without a project: recorded, with a reason, told to nobody. Twins of attributed ones go.
with settled as (
  delete from meshhook_alerts.signals signal
  where signal.project_id = %(nil)s and exists (
    select 1 from meshhook_alerts.signals twin
    where twin.project_id <> %(nil)s
      and twin.source_ref = signal.source_ref and twin.source_time = signal.source_time)
)
update meshhook_alerts.signals signal set project_id = %(nobody)s
where signal.project_id = %(nil)s and noticed_at < clock_timestamp() - interval '5 minutes'
  and not exists (
    select 1 from public.workflow_runs run where run.id = signal.run_id)
