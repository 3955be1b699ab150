-- Which rules are on, and why the others are off; a row changes only when that does.
insert into public.alert_health as health (part, state, detail, updated_at)
select 'rule:' || rule, state, jsonb_build_object('kind', kind, 'why', why, 'sweep', sweep), now()
from json_to_recordset(%(rules)s::json) as found (rule text, kind text, state text, why text, sweep text)
order by rule
on conflict (part) do update
set state = excluded.state, detail = excluded.detail, updated_at = excluded.updated_at
where (health.state, health.detail) is distinct from (excluded.state, excluded.detail)
