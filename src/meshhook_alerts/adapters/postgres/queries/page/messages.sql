-- The newest messages about an alert, with the tries at each.
select sent.id, sent.reason, sent.state, sent.created_at, sent.next_attempt_at, channel.name as channel,
       channel.kind, count(*) over () as total,
       coalesce((select jsonb_agg(jsonb_build_object('number', attempt.number, 'at', attempt.started_at,
                   'outcome', attempt.outcome, 'detail', attempt.detail) order by attempt.number)
                 from (select * from public.alert_attempts its where its.notification_id = sent.id
                       order by its.number desc limit 10) attempt), '[]') as attempts
from public.alert_notifications sent
left join public.alert_channels channel on channel.id = sent.channel_id
where sent.alert_id = %(id)s
order by sent.created_at desc
limit %(limit)s
