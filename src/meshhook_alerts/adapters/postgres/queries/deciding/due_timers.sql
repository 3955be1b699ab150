-- What is due for the taken project; never only a part of what is due at one moment, since that is told in
-- one message.
select kind, subject, due, alert_id, channel_id, failures, reason
from meshhook_alerts.timers
where project_id = nullif(current_setting('meshhook_alerts.project', true), '')::uuid
  and due <= clock_timestamp()
order by due
fetch first %(limit)s rows with ties
