-- How many alerts of a search there are by state, and by severity.
select alert.status, alert.severity, count(*) as n
from public.alerts alert
where /*where*/ true
group by grouping sets ((alert.status), (alert.severity))
