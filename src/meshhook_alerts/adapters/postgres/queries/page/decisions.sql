-- The newest decisions about an alert; outcomes stand with their messages.
select at, effect, reason, count, channel, rule, blocked_by, eligible_at, count(*) over () as total
from public.alert_logs
where alert_id = %(id)s and effect <> 'outcome'
order by id desc
limit %(limit)s
