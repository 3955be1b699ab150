-- Q13 queue_stuck: the jobs that workers hold, the oldest first, and whether any is due. One that waits
-- for its time has never been read.
select coalesce(array_agg(msg_id order by msg_id) filter (where vt > now() and read_ct > 0), '{}') as held,
  coalesce(bool_or(vt <= now()), false) as any_due
from (select msg_id, vt, read_ct from pgmq.q_workflow_jobs order by msg_id limit 1000) message
