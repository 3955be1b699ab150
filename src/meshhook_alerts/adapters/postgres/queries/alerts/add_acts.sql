-- Acts on their way to the decision. One that was sent before is not wanted again.
insert into meshhook_alerts.acts
  (id, project_id, alert_id, kind, by_user, by_name, via, note, until, until_changed, failures, link_of)
select act.id, act.project_id, act.alert_id, act.kind, act.by_user, act.by_name, act.via, act.note, act.until,
       act.until_changed, act.failures, act.link_of
from json_to_recordset(%(acts)s::json) as act (
  id uuid, project_id uuid, alert_id uuid, kind text, by_user uuid, by_name text, via text, note text,
  until timestamptz, until_changed boolean, failures integer, link_of uuid)
where not exists (select 1 from public.alert_acts done where done.id = act.id)
on conflict (id) do nothing
