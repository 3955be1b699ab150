-- MeshHook Alerts: what channels were like before: who changed what and when, without their secrets.

create table if not exists meshhook_alerts.channel_versions (
  id           bigint generated always as identity primary key,
  project_id   uuid not null,
  channel_id   uuid not null,
  version      integer not null,
  name         text not null,
  document     jsonb,                      -- null: it was deleted
  secret_names text[] not null default '{}',
  changed_at   timestamptz not null default now(),
  changed_by   uuid
);
create index if not exists channel_versions_project on meshhook_alerts.channel_versions (project_id, id desc);
comment on table meshhook_alerts.channel_versions is
  'MeshHook Alerts: every version of every channel, without secrets; append-only';

revoke all on meshhook_alerts.channel_versions from public;
alter table meshhook_alerts.channel_versions enable row level security;
drop policy if exists service_reads on meshhook_alerts.channel_versions;
create policy service_reads on meshhook_alerts.channel_versions for select to service_role using (true);
drop policy if exists members_read on meshhook_alerts.channel_versions;
create policy members_read on meshhook_alerts.channel_versions for select to authenticated
  using (project_id = any (array(select meshhook_alerts.my_projects('read'))));
grant select on meshhook_alerts.channel_versions to authenticated, service_role;

create or replace function meshhook_alerts.keep_channel_version() returns trigger
language plpgsql security definer set search_path = '' as $$
declare
  at_hand record := coalesce(new, old);
  said jsonb := case when tg_op <> 'DELETE' then jsonb_build_object(
    'kind', new.kind, 'enabled', new.enabled, 'config', new.config, 'limits', new.limits) end;
begin
  if tg_op = 'UPDATE' and new.version = old.version and new.secret_names = old.secret_names
     and said = jsonb_build_object('kind', old.kind, 'enabled', old.enabled, 'config', old.config,
                                   'limits', old.limits) then
    return null;  -- its secrets, which are sealed anew with every save
  end if;
  insert into meshhook_alerts.channel_versions
    (project_id, channel_id, version, name, document, secret_names, changed_by)
  values (at_hand.project_id, at_hand.id, at_hand.version + (tg_op = 'DELETE')::int, at_hand.name, said,
          case when tg_op = 'DELETE' then '{}' else at_hand.secret_names end,
          case when current_setting('role', true) = 'authenticated' then meshhook_alerts.caller() end);
  return null;
end $$;
revoke all on function meshhook_alerts.keep_channel_version() from public;
create or replace trigger keep_version after insert or update or delete on public.alert_channels
  for each row execute function meshhook_alerts.keep_channel_version();

insert into meshhook_alerts.migrations (version) values ('20261126002100') on conflict do nothing;
