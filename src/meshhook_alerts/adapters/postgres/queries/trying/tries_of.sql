-- How a test message is doing: its state, and its tries so far.
select planned.state, attempt.number, attempt.outcome, attempt.detail, attempt.connected,
       extract(epoch from attempt.finished_at - attempt.started_at)::float8 as took,
       extract(epoch from planned.next_attempt_at - now())::float8 as next_in
from public.alert_notifications planned
left join public.alert_attempts attempt on attempt.notification_id = planned.id
where planned.id = %(id)s
order by attempt.number
