-- What each channel knows of an alert; one that has been deleted has no name any more.
select entry.key::uuid as channel_id, channel.name, channel.kind, (entry.value ->> 'at')::timestamptz as told_at,
       (entry.value ->> 'messages')::int as messages, (entry.value ->> 'count')::bigint as failures,
       coalesce((entry.value ->> 'open')::boolean, true) and (entry.value ->> 'messages')::int > 0 as believes_open,
       (entry.value ->> 'remind_at')::timestamptz as remind_at
from public.alerts alert
cross join lateral jsonb_each(alert.told) entry
left join public.alert_channels channel on channel.id = entry.key::uuid
where alert.id = %(id)s
order by channel.name nulls last, entry.key
limit %(limit)s
