-- MeshHook Alerts: what grows for ever, the alert log and the failures, in partitions by month. Old months can
-- be detached and dropped in no time. What is there already moves over; the tables keep their names.

-- Partitions stand in our own schema, so that only the whole table, with its row-level security, is to be seen.
create or replace function meshhook_alerts.make_partitions() returns integer
language plpgsql security definer set search_path = '' set lock_timeout = '2s' as $$
declare
  parent text;
  month timestamp;
  part text;
  made integer := 0;
begin
  foreach parent in array array['alert_failures', 'alert_logs'] loop
    for month in
      select generate_series(date_trunc('month', now() at time zone 'utc') - interval '2 months',
                             date_trunc('month', now() at time zone 'utc') + interval '3 months',
                             interval '1 month')
    loop
      part := parent || to_char(month, '_YYYY_MM');
      continue when to_regclass(format('meshhook_alerts.%I', part)) is not null;
      begin
        execute format('create table meshhook_alerts.%I partition of public.%I for values from (%L) to (%L)',
                       part, parent, month at time zone 'utc', (month + interval '1 month') at time zone 'utc');
        made := made + 1;
      exception when check_violation then
        null;  -- rows of that month stand in the default partition: they are found there, too
      end;
    end loop;
  end loop;
  return made;
end $$;
comment on function meshhook_alerts.make_partitions() is
  'MeshHook Alerts: partitions from two months ago to three months ahead; returns how many were made';
revoke all on function meshhook_alerts.make_partitions() from public;

do $$
declare
  parent text;
  columns text;
begin
  foreach parent in array array['alert_failures', 'alert_logs'] loop
    continue when (select relkind from pg_class where oid = format('public.%I', parent)::regclass) = 'p';
    execute format('lock table public.%I in access exclusive mode', parent);
    execute format('alter table public.%I set schema meshhook_alerts', parent);
    execute format('alter table meshhook_alerts.%I rename to %I', parent, parent || '_before');
  end loop;

  if to_regclass('public.alert_failures') is null then
    create table public.alert_failures (
      project_id   uuid not null,
      source_ref   text not null,              -- what was seen, e.g. event:4711; unique with its time
      source_time  timestamptz not null,
      fold_id      uuid not null,
      run_id       uuid,
      noticed_at   timestamptz not null,       -- when the signal was recorded
      withdrawn_at timestamptz,
      primary key (project_id, source_ref, source_time)
    ) partition by range (source_time);
    create index alert_failures_fold on public.alert_failures (fold_id);
  end if;
  if to_regclass('public.alert_logs') is null then
    create sequence if not exists meshhook_alerts.alert_logs_id;
    create table public.alert_logs (
      id              bigint not null default nextval('meshhook_alerts.alert_logs_id'),
      project_id      uuid not null,
      at              timestamptz not null,   -- the decision's own time
      fold_id         uuid,
      alert_id        uuid not null,
      effect          text not null check (effect in ('told', 'folded', 'held', 'blocked', 'outcome')),
      reason          text not null,          -- closed list, see the reference
      count           integer not null,       -- failures this row answers for
      severity        text not null,
      rule            text,
      channel_id      uuid,
      channel         text,
      notification_id uuid,
      blocked_by      text,
      eligible_at     timestamptz,
      settings_version bigint not null default 0,
      logged_at       timestamptz not null default now(),
      primary key (id, logged_at)
    ) partition by range (logged_at);
    create index alert_logs_project on public.alert_logs (project_id, id desc);
    create index alert_logs_fold on public.alert_logs (fold_id);
  end if;
  create table if not exists meshhook_alerts.alert_failures_default partition of public.alert_failures default;
  create table if not exists meshhook_alerts.alert_logs_default partition of public.alert_logs default;
  perform meshhook_alerts.make_partitions();

  foreach parent in array array['alert_failures', 'alert_logs'] loop
    continue when to_regclass(format('meshhook_alerts.%I', parent || '_before')) is null;
    select string_agg(quote_ident(attname), ', ') into columns from pg_attribute
    where attrelid = format('public.%I', parent)::regclass and attnum > 0 and not attisdropped;
    execute format('insert into public.%I (%s) select %s from meshhook_alerts.%I',
                   parent, columns, columns, parent || '_before');
    execute format('drop table meshhook_alerts.%I', parent || '_before');
    -- As every table that a project's members may read.
    execute format('revoke all on public.%I from public, anon, authenticated, service_role', parent);
    execute format('alter table public.%I enable row level security', parent);
    execute format('create policy service_reads on public.%I for select to service_role using (true)', parent);
    execute format($policy$
      create policy members_read on public.%I for select to authenticated
      using (project_id = any (array(select meshhook_alerts.my_projects('read'))))
    $policy$, parent);
    execute format('grant select on public.%I to authenticated, service_role', parent);
  end loop;
  perform setval('meshhook_alerts.alert_logs_id', greatest(
    (select coalesce(max(id), 0) + 1 from public.alert_logs),
    (select last_value from meshhook_alerts.alert_logs_id)), false);
end $$;
comment on table public.alert_failures is
  'MeshHook Alerts: every failure event, once per source reference; what it was stands in its fold';
comment on table public.alert_logs is
  'MeshHook Alerts: the ledger, append-only: every decision and every outcome, with its reason';

-- Live pages of a Supabase project listen here; row-level security applies to each reader.
do $$
begin
  if exists (select 1 from pg_publication where pubname = 'supabase_realtime' and not puballtables)
     and not exists (select 1 from pg_publication_tables where pubname = 'supabase_realtime'
                     and schemaname in ('public', 'meshhook_alerts') and tablename like 'alert_logs%') then
    alter publication supabase_realtime add table public.alert_logs;
  end if;
exception when insufficient_privilege then
  raise notice 'MeshHook Alerts: % may not add tables to the publication supabase_realtime', current_user;
end $$;

insert into meshhook_alerts.migrations (version) values ('20261126001900') on conflict do nothing;
