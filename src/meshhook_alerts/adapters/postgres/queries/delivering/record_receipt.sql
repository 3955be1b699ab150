-- What the other side said of a message, or of one recipient's. Once every recipient's that had been accepted is known
-- not to have arrived, the message counts as refused, and what it told as untold. A receipt that comes twice, or late,
-- changes no more than it says.
with said as (
  select sent.*, sent.receipts || jsonb_build_object(
    %(part)s::text, jsonb_build_object('state', %(state)s::text, 'detail', %(detail)s::text, 'at', now())) as merged
  from public.alert_notifications sent
  where sent.id = %(id)s
    and coalesce(sent.receipts #>> array[%(part)s::text, 'state'], '') not in (%(state)s::text, 'delivered')
  for update
), judged as (
  select said.*, state = 'delivered' and cardinality(done) > 0 and not exists (
    select from unnest(done) part where coalesce(merged #>> array[part, 'state'], '') <> 'undelivered'
  ) as is_lost
  from said
), kept as (
  update public.alert_notifications sent
  set receipts = judged.merged, state = case when is_lost then 'rejected' else sent.state end,
      detail = case when is_lost then %(detail)s else sent.detail end
  from judged where sent.id = judged.id
), lost as (
  select * from judged where is_lost
), ledger as (
  insert into public.alert_logs (project_id, at, fold_id, alert_id, effect, reason, count, severity, channel_id, channel, notification_id)
  select lost.project_id, now(), lost.fold_id, lost.alert_id, 'outcome', 'rejected', 0, lost.severity, lost.channel_id,
         %(channel)s, lost.id
  from lost
), outcomes as (
  insert into meshhook_alerts.timers (project_id, kind, subject, due, alert_id, channel_id, failures, reason)
  select lost.project_id, 'undelivered', told.subject, now(), told.alert_id, lost.channel_id, coalesce(told.failures, 0),
         lost.reason
  from lost, lateral (
    select lost.id::text as subject, lost.alert_id, (lost.content #>> '{alert,new_failures}')::bigint as failures
    where lost.covers is null
    union all
    select lost.id || '/' || (entry ->> 'alert'), (entry ->> 'alert')::uuid, (entry ->> 'failures')::bigint
    from jsonb_array_elements(lost.covers -> 'alerts') as entry
  ) told
  where lost.reason not in ('recovered', 'closed', 'taken', 'test', 'existing')
  on conflict do nothing
)
select exists (select from lost)
