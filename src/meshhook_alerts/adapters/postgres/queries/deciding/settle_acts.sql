-- What acts came to, kept for good.
with settled as (
  select * from json_to_recordset(%(acts)s::json) as act (id uuid, outcome text)
), gone as (
  delete from meshhook_alerts.acts act using settled where act.id = settled.id
  returning act.*, settled.outcome
)
insert into public.alert_acts
  (id, project_id, alert_id, kind, at, by_user, by_name, via, note, until, until_changed, failures, link_of, outcome)
select id, project_id, alert_id, kind, at, by_user, by_name, via, note, until, until_changed, failures, link_of, outcome
from gone
on conflict (id) do nothing
