-- Q11 dead_letter_growth: how many of the newest dead letters are younger than an hour, counted just
-- past the limit.
select count(*) filter (where enqueued_at > now() - interval '1 hour')::int as letters
from (
  select enqueued_at from pgmq.q_workflow_jobs_dlq order by msg_id desc limit %(limit)s::int + 1
) newest
