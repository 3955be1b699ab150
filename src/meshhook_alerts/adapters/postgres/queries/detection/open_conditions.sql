-- Conditions of some kinds that are remembered as true.
select kind, project_id, key, since from meshhook_alerts.conditions
where kind = any (string_to_array(%(kinds)s, ','))
