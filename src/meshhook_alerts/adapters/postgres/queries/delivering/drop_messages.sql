-- Takes queue entries away whose notification has ended already.
select pgmq.delete('meshhook_alerts', msg_id)
from unnest(string_to_array(%(ids)s, ',')::bigint[]) as ended (msg_id)
