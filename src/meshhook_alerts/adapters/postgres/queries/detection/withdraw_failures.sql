-- Failures recorded of runs that have completed clean after all: marked as withdrawn, and counted
-- by the open alert they belong to.
with clean as (
  select * from json_to_recordset(%(runs)s::json) as run (project_id uuid, run_id uuid, ref text, at timestamptz)
), withdrawn as (
  update public.alert_failures failure set withdrawn_at = clock_timestamp()
  from clean, public.alert_folds fold
  where failure.project_id = clean.project_id and failure.source_ref = clean.ref
    and (clean.at is null or failure.source_time = clean.at) and failure.withdrawn_at is null and fold.id = failure.fold_id
    and fold.kind = any (string_to_array(%(kinds)s, ','))
  returning failure.project_id, clean.run_id, fold.alert_id, fold.evidence
), undecided as (  -- should the run fail again, that is news
  delete from meshhook_alerts.run_verdicts verdict using withdrawn
  where verdict.run_id = withdrawn.run_id
)
select withdrawn.project_id, withdrawn.alert_id, (array_agg(withdrawn.run_id))[1] as run_id, count(*)::int as failures
from withdrawn join public.alerts alert on alert.id = withdrawn.alert_id and alert.status <> 'resolved'
where not withdrawn.evidence
group by 1, 2
