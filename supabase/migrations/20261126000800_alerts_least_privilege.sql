-- MeshHook Alerts: everybody has the rights that are needed and no other, and what is ours bears a
-- mark, so that nothing of anybody else's is ever taken for it.

-- ------------------------------------------------------------------ who may do what

-- Settings are written by the service alone, after it has checked them and asked for the caller's
-- right: whatever else wrote them could write what stops the searches of all.
revoke insert, update, delete, truncate, references, trigger
  on public.alert_settings, public.alert_channels from public, anon, authenticated, service_role;
revoke insert (project_id, name, kind, config, secret_names, enabled),
       update (kind, config, secret_names, enabled, version, updated_at)
  on public.alert_channels from authenticated, service_role;
drop policy if exists editors_write on public.alert_settings;
drop policy if exists editors_write on public.alert_channels;
drop policy if exists service_writes on public.alert_settings;
drop policy if exists service_writes on public.alert_channels;

-- Supabase grants everything on a new sequence of public by default: with setval anybody could make
-- every insert of ours fail.
do $$
declare
  counter regclass;
begin
  for counter in
    select sequence.oid from pg_catalog.pg_class sequence
    join pg_catalog.pg_depend owned on owned.objid = sequence.oid and owned.deptype in ('a', 'i')
      and owned.classid = 'pg_catalog.pg_class'::regclass and owned.refclassid = 'pg_catalog.pg_class'::regclass
    join pg_catalog.pg_class counted on counted.oid = owned.refobjid
    where sequence.relkind = 'S' and counted.relname like 'alert%'
      and counted.relnamespace = 'public'::regnamespace
  loop
    execute format('revoke all on sequence %s from public, anon, authenticated, service_role', counter);
  end loop;
end $$;

-- With a body that is bound when it is made, no operator of a caller's search path gets in; and it
-- can still be put in line.
create or replace function meshhook_alerts.sane(moment timestamptz) returns timestamptz
language sql immutable
return case when moment >= timestamptz '1970-01-01 00:00Z' and moment < timestamptz '2200-01-01 00:00Z'
         then moment end;

revoke all on all functions in schema meshhook_alerts from public, anon;
-- The three trigger functions stay open: Postgres asks it of whoever adds a partition to MeshHook's
-- events, which copies our trigger, and that statement must not fail because of us. They cannot be
-- called, and listen to MeshHook's own tables only.
-- `sane` looks at nothing but its argument, and workers may run as roles of their own.
grant execute on function meshhook_alerts.on_step_failed(), meshhook_alerts.on_run_failed(),
  meshhook_alerts.on_dead_letter(), meshhook_alerts.sane(timestamptz) to public;
grant execute on function meshhook_alerts.caller(), meshhook_alerts.my_projects(text) to authenticated, service_role;
grant execute on function meshhook_alerts.sweep_states() to service_role;

-- ------------------------------------------------------------------ what is ours

do $$
declare
  own_table regclass;
  said text;
begin
  foreach own_table in array array[
    'public.alert_settings', 'public.alert_settings_versions', 'public.alert_channels',
    'public.alert_silences', 'public.alerts', 'public.alert_folds', 'public.alert_failures',
    'public.alert_logs', 'public.alert_notifications', 'public.alert_attempts',
    'public.alert_health', 'public.alert_baseline']::regclass[]
  loop
    said := coalesce(obj_description(own_table, 'pg_class'), '');
    if said not like 'MeshHook Alerts: %' then
      execute format('comment on table %s is %L', own_table, 'MeshHook Alerts: ' || said);
    end if;
  end loop;
end $$;
insert into meshhook_alerts.installed values ('queue', 'meshhook_alerts') on conflict do nothing;

insert into meshhook_alerts.migrations (version) values ('20261126000800') on conflict do nothing;
