-- Timers that have been seen to go, unless they are set again, and those to be set: one that was not
-- yet due moves only towards now. Channels that refuse have been tried with what was just planned.
with fired as (
  delete from meshhook_alerts.timers timer
  using rows from (
    unnest(%(fired_kinds)s::text[]), unnest(%(fired_subjects)s::text[])
  ) as gone (kind, subject)
  where timer.project_id = %(project_id)s and timer.kind = gone.kind and timer.subject = gone.subject
    and timer.due <= %(now)s
), tried as (
  update meshhook_alerts.channel_health health set refused_at = attempt.at
  from rows from (
    unnest(%(tried)s::uuid[]), unnest(%(tried_at)s::timestamptz[])
  ) as attempt (channel_id, at)
  where health.channel_id = attempt.channel_id and health.refused_at < attempt.at
)
insert into meshhook_alerts.timers as timer (project_id, kind, subject, due, alert_id, channel_id)
select %(project_id)s, kind, subject, due, alert_id, channel_id
from rows from (
  unnest(%(kinds)s::text[]), unnest(%(subjects)s::text[]), unnest(%(dues)s::timestamptz[]),
  unnest(%(alert_ids)s::uuid[]), unnest(%(channel_ids)s::uuid[])
) as wanted (kind, subject, due, alert_id, channel_id)
on conflict (project_id, kind, subject) do update
set due = case when timer.due <= %(now)s then excluded.due else least(timer.due, excluded.due) end
