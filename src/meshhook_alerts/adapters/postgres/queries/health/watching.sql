-- Those of the tables we watch that are not there; fails where we are not installed.
select wanted
from unnest(array['workflow_runs', 'workflow_events']) as wanted, meshhook_alerts.attachment
where to_regclass('public.' || wanted) is null
