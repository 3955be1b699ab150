-- Adds signals that say an alert's trouble is over; one per alert and proof.
insert into meshhook_alerts.signals (project_id, source, observed, source_ref, source_time, run_id, labels)
select project_id, 'meshhook', 'recovered', 'recovered:' || alert_id || ':' || proof, at, run_id,
       jsonb_strip_nulls(jsonb_build_object('alert', alert_id, 'failures', failures::text))
from json_to_recordset(%(recoveries)s::json) as recovery (
  project_id uuid, alert_id uuid, proof text, at timestamptz, run_id uuid, failures int)
on conflict do nothing
