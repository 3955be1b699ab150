-- Q9 queue_lag: for how long the oldest due message has been waiting. Messages that wait on purpose,
-- and those in a worker's hands, are not due.
select extract(epoch from max(now() - vt))::float8 as seconds
from pgmq.q_workflow_jobs where vt <= now()
