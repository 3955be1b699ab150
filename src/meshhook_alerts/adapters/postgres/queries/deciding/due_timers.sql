-- What is due for the taken project, and which of its channels accept nothing at present.
select kind, subject, due, alert_id, channel_id, failures, reason
from meshhook_alerts.timers
where project_id = nullif(current_setting('meshhook_alerts.project', true), '')::uuid
  and due <= clock_timestamp()
order by due
limit %(limit)s
