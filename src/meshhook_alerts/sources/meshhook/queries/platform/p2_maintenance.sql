-- P2 maintenance_broken, second question: how the job that makes partitions is doing. Row-level
-- security of cron.job shows each role its own jobs only: then an unseen job may well be there.
with jobs as (
  select jobid, jobname, active from cron.job
  where command ~* 'workflow_events.*partition' or jobname ~* 'workflow.events.*partition'
), newest as (
  select job.jobname, job.active, run.status, run.return_message, run.start_time
  from jobs job
  left join lateral (
    select status, return_message, start_time from cron.job_run_details
    where jobid = job.jobid and status in ('succeeded', 'failed')
    order by runid desc limit 1
  ) run on true
)
select case when row_security_active('cron.job') then 'hidden' else 'missing' end as state, null::text as detail
where not exists (select 1 from jobs)
union all
select case
    when not active then 'inactive'
    when status = 'failed' then 'failed'
    else 'late'
  end,
  case when status = 'failed' then left(return_message, 200) else start_time::text end
from newest
where not active or status = 'failed' or start_time < now() - interval '26 hours'
limit 1
