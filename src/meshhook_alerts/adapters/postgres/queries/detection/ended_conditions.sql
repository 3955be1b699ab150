-- The open alerts of conditions that are over, but for those that another condition, still true,
-- keeps open.
select distinct ended.project_id, fold.alert_id, ended.ref
from json_to_recordset(%(ended)s::json) as ended (project_id uuid, ref text, since timestamptz)
join public.alert_failures failure
  on failure.project_id = ended.project_id and failure.source_ref = ended.ref
  and failure.source_time = ended.since
join public.alert_folds fold on fold.id = failure.fold_id
join public.alerts alert on alert.id = fold.alert_id and alert.status <> 'resolved'
where not exists (
  select 1
  from meshhook_alerts.conditions standing
  join public.alert_failures other
    on other.project_id = standing.project_id and other.source_ref = standing.ref
    and other.source_time = standing.since
  join public.alert_folds its on its.id = other.fold_id
  where standing.project_id = ended.project_id and its.alert_id = fold.alert_id)
