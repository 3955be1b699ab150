-- P5 failure_rate: of each workflow's runs that settled in its window, how many, and how many failed.
-- A run settles when it succeeds, or when its terminal failure is recorded (and not withdrawn).
select wanted.project_id, wanted.slug, cardinality(bad.runs) as failing,
  (cardinality(bad.runs) + done.number - twice.number)::int as settled
from json_to_recordset(%(wanted)s::json) as wanted (project_id uuid, slug text, ids uuid[], seconds float8)
cross join lateral (
  select now() - make_interval(secs => wanted.seconds) as begins,
    now() - make_interval(secs => wanted.seconds + greatest(wanted.seconds, 3600)) as began
) span
cross join lateral (
  select coalesce(array_agg(distinct failure.run_id), '{}') as runs
  from public.alerts alert
  join public.alert_folds fold on fold.alert_id = alert.id
  join public.alert_failures failure on failure.fold_id = fold.id
  where alert.project_id = wanted.project_id and alert.workflow = wanted.slug
    and alert.last_failure_at > span.begins - interval '1 day'  -- it may be found late
    and fold.decided_for > span.begins
    and alert.class = 'terminal' and fold.kind <> 'run_canceled'
    and failure.run_id is not null and failure.withdrawn_at is null
) bad
cross join lateral (
  select count(*) as number from public.workflow_runs run
  where run.project_id = wanted.project_id and run.started_at > span.began
    and run.workflow_id = any (wanted.ids) and run.status = 'succeeded'
    and coalesce(run.finished_at, run.started_at) > span.begins
) done
cross join lateral (
  select count(*) as number from public.workflow_runs run
  where run.id = any (bad.runs) and run.status = 'succeeded' and run.started_at > span.began
    and coalesce(run.finished_at, run.started_at) > span.begins
) twice
