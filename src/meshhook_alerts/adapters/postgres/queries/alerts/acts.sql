-- What people did about an alert, the newest first.
select id, kind, at, by_name, via, note, until, until_changed, failures, outcome
from public.alert_acts where alert_id = %(id)s
order by at desc, id
limit %(limit)s
