-- Messages. (See list.sql.)
select sent.id, sent.project_id, sent.alert_id, sent.channel_id, channel.name as channel, sent.reason,
       sent.severity, sent.state, sent.attempts, sent.detail, sent.created_at, sent.deadline_at,
       sent.next_attempt_at, sent.finished_at, sent.content ->> 'headline' as headline, sent.receipts
from public.alert_notifications sent
left join public.alert_channels channel on channel.id = sent.channel_id
where /*where*/ true
