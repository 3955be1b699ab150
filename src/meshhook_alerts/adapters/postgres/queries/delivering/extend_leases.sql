-- Keeps the queue entries this worker is still sending from being given to another.
select count(*)
from unnest(string_to_array(%(ids)s, ',')::bigint[]) as held (msg_id),
     lateral pgmq.set_vt('meshhook_alerts', held.msg_id, %(lease)s::integer)
