-- Q10 queue_depth: how many messages the queue holds, counted just past the limit.
select count(*)::int as messages
from (select 1 from pgmq.q_workflow_jobs limit %(limit)s::int + 1) counted
