-- Queue entries for notifications, in order; each only points to its row.
-- A delay keeps them from other workers while the one that decided sends them: its lease. The entry says so, as
-- the queue counts only how often it was read: a lease that led to no attempt may have led to a message.
-- With each, what the channel called its first message about the same alert.
select queued.msg_id, thread.reference
from pgmq.send_batch(
  'meshhook_alerts',
  array(select jsonb_build_object('notification', id)
               || case when %(lease)s::integer > 0 then '{"leased": 1}'::jsonb else '{}' end
        from unnest(string_to_array(%(ids)s, ',')) with ordinality as planned (id, place)
        order by place),
  %(lease)s::integer
) with ordinality as queued (msg_id, place)
join unnest(string_to_array(%(ids)s, ',')::uuid[]) with ordinality as planned (id, place) using (place)
join public.alert_notifications notification on notification.id = planned.id
left join lateral (
  select first.reference from public.alert_notifications first
  where first.alert_id = notification.alert_id and first.channel_id = notification.channel_id
    and first.reference is not null
  order by first.created_at limit 1
) thread on true
order by place
