-- All that had failed or gone silent before we were attached: runs, and the workflows they are of.
select coalesce(sum(runs), 0)::bigint as runs, count(distinct (project_id, workflow)) as workflows
from public.alert_baseline
