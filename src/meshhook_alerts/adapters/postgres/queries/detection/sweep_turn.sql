-- Takes the turn at a sweep: how far it has come, how many rows to take at a time, and how long it
-- is not yet due. No row where another worker has the turn.
select position, slice, greatest(extract(epoch from due_at - clock_timestamp()), 0)::float8 as wait
from meshhook_alerts.sweeps where name = %(name)s
for update skip locked
