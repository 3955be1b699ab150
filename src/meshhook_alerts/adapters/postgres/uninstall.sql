-- Removes everything MeshHook Alerts created in this database, and nothing else. Runs in one
-- transaction. What is ours bears our mark in its comment, whatever it is called by now; an
-- installation from before there were marks is known by its migrations. Names left to others are
-- reported as notices.
do $$
declare
  ours boolean := coalesce(obj_description(to_regnamespace('meshhook_alerts'), 'pg_namespace'), '')
                  like 'MeshHook Alerts%';
  unmarked boolean := false;
  queued boolean := false;
  place regclass;
begin
  if ours and to_regclass('meshhook_alerts.migrations') is not null then
    execute 'select coalesce(bool_and(version < ''20261126000800''), false),'
            ' coalesce(bool_or(version = ''20261123000200''), false) from meshhook_alerts.migrations'
      into unmarked, queued;
  end if;
  if queued and to_regclass('pgmq.meta') is not null then
    if exists (select 1 from pgmq.meta where queue_name = 'meshhook_alerts') then
      perform pgmq.drop_queue('meshhook_alerts');
    end if;
  end if;
  for place in
    select oid from pg_catalog.pg_class
    where relnamespace = to_regnamespace('public') and relkind in ('r', 'p')
      and (obj_description(oid, 'pg_class') like 'MeshHook Alerts: %'
           or unmarked and relname = any (array[
             'alert_settings', 'alert_settings_versions', 'alert_channels', 'alert_silences', 'alerts',
             'alert_folds', 'alert_failures', 'alert_logs', 'alert_notifications', 'alert_attempts',
             'alert_health', 'alert_baseline']))
  loop
    execute format('drop table %s', place);
  end loop;
  for place in
    select oid from pg_catalog.pg_class
    where relnamespace = to_regnamespace('public') and relname = any (array[
      'alert_settings', 'alert_settings_versions', 'alert_channels', 'alert_silences', 'alerts',
      'alert_folds', 'alert_failures', 'alert_logs', 'alert_notifications', 'alert_attempts',
      'alert_health', 'alert_baseline']) and relkind in ('r', 'p', 'v', 'm', 'f')
  loop
    raise notice 'kept %: it is not ours', place;
  end loop;
  if ours then
    -- Our triggers on MeshHook's tables go with their functions, even from tables we may not alter.
    drop schema meshhook_alerts cascade;
  elsif to_regnamespace('meshhook_alerts') is not null then
    raise notice 'kept the schema meshhook_alerts: it is not ours';
  end if;
end $$;
