-- :runs runs of the last 55 days in 500 workflows of 50 projects, the first :open of them open and
-- stuck at one place or another; five events and a job each. No trigger is on duty meanwhile.
set session_replication_role = replica;
insert into public.projects (id, owner, name)
select ('00000000-0000-4000-8000-' || lpad(to_hex(i), 12, '0'))::uuid, gen_random_uuid(), 'p' || i
from generate_series(1, 50) i;
insert into public.workflow_definitions (id, project_id, slug, version, definition, name, status, user_id)
select ('00000000-0000-4000-9000-' || lpad(to_hex(i), 12, '0'))::uuid,
  ('00000000-0000-4000-8000-' || lpad(to_hex(1 + i % 50), 12, '0'))::uuid,
  'w' || i, 1, '{}', 'w', 'published', gen_random_uuid()
from generate_series(1, 500) i;
create table public.seeded as
select gen_random_uuid() as id, i, now() - interval '1 hour' - interval '55 days' * random() as started
from generate_series(1, :runs) i;
insert into public.workflow_runs (id, project_id, workflow_id, status, started_at, finished_at, created_at, updated_at)
select id, ('00000000-0000-4000-8000-' || lpad(to_hex(1 + (1 + i % 500) % 50), 12, '0'))::uuid,
  ('00000000-0000-4000-9000-' || lpad(to_hex(1 + i % 500), 12, '0'))::uuid,
  case when i <= :open then 'running' else 'succeeded' end, started,
  case when i > :open then started + interval '5 s' end, started, started + interval '5 s'
from public.seeded;
insert into public.workflow_events (id, run_id, ts, type, payload, created_at)
select nextval('public.workflow_events_id_seq'), id, ts, type, payload, ts
from (
  select id, started + k * interval '0.5 s' as ts,
    (array['run_created', 'step_started', 'http_attempted', 'step_succeeded', 'run_completed'])[k] as type,
    case k when 1 then '{"headers": {"a": "b"}, "body": "{}"}'::jsonb when 5 then '{}'::jsonb
      else '{"node": {"id": "http_call", "type": "http_call"}, "status": 200, "next": null}'::jsonb
    end as payload
  from public.seeded cross join generate_series(1, 5) k
  where not (i <= :open and k > 1 + (i % 3))
  order by started
) made;
insert into public.job_tracking (msg_id, run_id, queue_name, attempt, enqueued_at, started_at, completed_at)
select i, id, 'workflow_jobs', 1, started, started, started + interval '5 s'
from public.seeded where i > :open;
drop table public.seeded;
reset session_replication_role;
