-- Which rules look, and how each search is doing.
select substr(health.part, 6) as rule, health.state, health.detail ->> 'why' as why,
  health.detail ->> 'sweep' as sweep
from public.alert_health health
where health.part like 'rule:%%'
