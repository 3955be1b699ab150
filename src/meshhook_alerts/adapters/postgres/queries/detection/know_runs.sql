-- Records runs as known before we were attached, and counts them; each once.
with known as (
  select * from json_to_recordset(%(known)s::json) as known (
    run_id uuid, project_id uuid, workflow text, kind text)
), news as (
  insert into meshhook_alerts.run_verdicts (run_id, project_id)
  select distinct on (run_id) run_id, project_id from known
  on conflict do nothing
  returning run_id
)
insert into public.alert_baseline as counted (project_id, workflow, kind, runs, examples)
select project_id, workflow, kind, count(*), (array_agg(run_id))[1:5]
from known join news using (run_id)
group by 1, 2, 3
on conflict (project_id, coalesce(workflow, ''), kind) do update
  set runs = counted.runs + excluded.runs, updated_at = now()
