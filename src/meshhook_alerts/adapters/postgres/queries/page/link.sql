-- What a link in a message is about: the alert, the message's channel, and when the link was used, if it was.
select clock_timestamp(), alert.id, sent.id, alert.workflow, alert.node_id, alert.kind, alert.severity,
       alert.status, coalesce(nullif(split_part(alert.evidence ->> 'sample', E'\n', 1), ''), alert.error),
       alert.count, alert.last_failure_at, alert.resolved_at, channel.name,
       (select max(at) from public.alert_acts act
        where act.alert_id = alert.id and act.via = 'link' and act.link_of = sent.id and act.kind = %(act)s)
from public.alerts alert
join public.alert_notifications sent on sent.id = %(message_id)s and sent.alert_id = alert.id
left join public.alert_channels channel on channel.id = sent.channel_id
where alert.id = %(alert_id)s
