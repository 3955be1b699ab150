-- What came of tries to send: attempt rows, the notifications' states, ledger entries for the
-- final ones, and the queue entries put off or taken away. A notification that already ended stays.
with tried as materialized (
  select * from json_to_recordset(%(attempts)s::json) as attempt (
    msg_id bigint, notification_id uuid, started_at timestamptz, finished_at timestamptz, outcome text,
    detail text, state text, wait double precision, reason text, done text[])
), updated as (
  update public.alert_notifications planned
  set attempts = planned.attempts + 1, state = tried.state, detail = tried.detail, done = tried.done,
      next_attempt_at = case when tried.state = 'pending' then now() + make_interval(secs => tried.wait) end,
      finished_at = case when tried.state <> 'pending' then now() end
  from tried
  where planned.id = tried.notification_id and planned.state = 'pending'
  returning planned.id, planned.project_id, planned.alert_id, planned.fold_id, planned.channel_id,
            planned.severity, planned.attempts, tried.*
), attempts as (
  insert into public.alert_attempts (notification_id, number, project_id, started_at, finished_at, outcome, detail, worker)
  select id, attempts, project_id, started_at, finished_at, outcome, detail, %(worker)s from updated
), ledger as (
  insert into public.alert_logs (project_id, at, fold_id, alert_id, effect, reason, count, severity, channel_id, channel, notification_id)
  select updated.project_id, updated.finished_at, updated.fold_id, updated.alert_id, 'outcome', updated.reason, 0,
         updated.severity, updated.channel_id, channel.name, updated.id
  from updated left join public.alert_channels channel on channel.id = updated.channel_id
  where updated.state <> 'pending'
), queue as (
  select case tried.state
    when 'delivered' then pgmq.delete('meshhook_alerts', tried.msg_id)
    when 'pending' then (select true from pgmq.set_vt('meshhook_alerts', tried.msg_id, ceil(tried.wait)::integer))
    else pgmq.archive('meshhook_alerts', tried.msg_id)
  end
  from tried where tried.msg_id is not null
)
select count(*) from queue
