-- What came of tries to send: attempt rows, the notifications' states, ledger entries for the
-- final ones, and the queue entries put off or taken away. A notification that already ended stays.
-- Where it matters to what is told next, a timer that is due at once says how a message ended.
with tried as materialized (
  select * from json_to_recordset(%(attempts)s::json) as attempt (
    msg_id bigint, notification_id uuid, started_at timestamptz, finished_at timestamptz, outcome text,
    detail text, state text, wait double precision, reason text, done text[], connected boolean, channel text, reference text)
), updated as (
  update public.alert_notifications planned
  set attempts = planned.attempts + 1, state = tried.state, detail = tried.detail, done = tried.done,
      reference = tried.reference,
      next_attempt_at = case when tried.state = 'pending' then now() + make_interval(secs => tried.wait) end,
      finished_at = case when tried.state <> 'pending' then now() end
  from tried
  where planned.id = tried.notification_id and planned.state = 'pending'
  returning planned.id, planned.project_id, planned.alert_id, planned.fold_id, planned.channel_id,
            planned.severity, planned.attempts, planned.reason as sent_for, planned.covers,
            (planned.content #>> '{alert,new_failures}')::bigint as failures, tried.*
), attempts as (
  insert into public.alert_attempts (notification_id, number, project_id, started_at, finished_at, outcome, detail, connected, worker)
  select id, attempts, project_id, started_at, finished_at, outcome, detail, connected, %(worker)s from updated
), ledger as (
  insert into public.alert_logs (project_id, at, fold_id, alert_id, effect, reason, count, severity, channel_id, channel, notification_id)
  select updated.project_id, updated.finished_at, updated.fold_id, updated.alert_id, 'outcome', updated.reason, 0,
         updated.severity, updated.channel_id, updated.channel, updated.id
  from updated
  where updated.state <> 'pending'
), outcomes as (
  insert into meshhook_alerts.timers (project_id, kind, subject, due, alert_id, channel_id, failures, reason)
  select project_id, case when state = 'delivered' then 'accepted' when lost.some then 'doubtful' else 'undelivered' end, told.subject, now(),
         told.alert_id, channel_id, coalesce(told.failures, 0), sent_for
  from updated, lateral (
    select id::text as subject, updated.alert_id, updated.failures where covers is null
    union all
    select id || '/' || (entry ->> 'alert'), (entry ->> 'alert')::uuid, (entry ->> 'failures')::bigint
    from jsonb_array_elements(covers -> 'alerts') as entry
  ) told, lateral (
    -- Whether a message that was given up may have arrived: a try had no clear answer, or was never recorded.
    select updated.state <> 'delivered' and (updated.outcome = 'ambiguous' or exists (
      select from public.alert_attempts earlier
      where earlier.notification_id = updated.id and earlier.outcome = 'ambiguous'
    ) or exists (
      select from pgmq.q_meshhook_alerts queued where queued.msg_id = updated.msg_id
        and queued.read_ct + coalesce((queued.message ->> 'leased')::integer, 0) > updated.attempts
    )) as some
  ) lost
  where sent_for not in ('recovered', 'closed', 'taken', 'test', 'existing') and (state in ('rejected', 'expired') or state = 'delivered' and attempts > 1)
  on conflict do nothing
), last as (
  select distinct on (channel_id) * from updated order by channel_id, finished_at desc
), failing as (
  insert into meshhook_alerts.channel_health as health
    (channel_id, project_id, failing_since, tries, refused_since, refused_at, said_at, detail)
  select channel_id, project_id, finished_at, 1, given_up, given_up,
         case when given_up is not null or attempts > 1 then now() end, detail
  from last, lateral (select case when state <> 'pending' then finished_at end) as final (given_up)
  where state <> 'delivered'
  on conflict (channel_id) do update
  set failing_since = coalesce(health.failing_since, excluded.failing_since), tries = health.tries + 1,
      refused_since = coalesce(health.refused_since, excluded.refused_since),
      refused_at = coalesce(excluded.refused_at, health.refused_at), detail = excluded.detail,
      said_at = coalesce(health.said_at, excluded.said_at, case when health.tries > 0 then now() end)
  returning channel_id, said_at = now() as said
), mended as (
  update meshhook_alerts.channel_health health
  set failing_since = null, tries = 0, refused_since = null, refused_at = null, said_at = null,
      recovered_at = now()
  from last join meshhook_alerts.channel_health before using (channel_id)
  where last.state = 'delivered' and health.channel_id = last.channel_id and health.failing_since is not null
  returning health.channel_id, before.said_at is not null as said
), queue as (
  select case tried.state
    when 'delivered' then pgmq.delete('meshhook_alerts', tried.msg_id)
    when 'pending' then (select true from pgmq.set_vt('meshhook_alerts', tried.msg_id, ceil(tried.wait)::integer))
    else pgmq.archive('meshhook_alerts', tried.msg_id)
  end
  from tried where tried.msg_id is not null
), news as (
  select updated.project_id, updated.channel_id, channel.name as channel, channel.kind, updated.id as notification_id,
         updated.state, updated.detail,
         coalesce((select failing.said from failing where failing.channel_id = updated.channel_id), false) as starts,
         coalesce((select mended.said from mended where mended.channel_id = updated.channel_id), false) as ends
  from updated left join public.alert_channels channel on channel.id = updated.channel_id
  where updated.state in ('rejected', 'expired')
     or updated.channel_id in (select channel_id from failing where said union all select channel_id from mended where said)
)
select done.entries, news.*  -- both asked for, so that both are done
from (select count(*) from queue) as done (entries) left join news on true
