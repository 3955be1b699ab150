-- Alerts that end in a batch in which another of the same trouble opens: of each trouble one is open at a time,
-- so they end first. The rest of what changed about them comes with everything else.
update public.alerts alert
set status = 'resolved', resolved_at = ended.resolved_at
from rows from (unnest(%(ids)s::uuid[]), unnest(%(ends)s::timestamptz[])) as ended (id, resolved_at)
where alert.id = ended.id and alert.status <> 'resolved'
