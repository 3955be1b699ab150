-- Removes everything MeshHook Alerts created in this database. Runs in one transaction.
do $$
declare
  attached record;
begin
  for attached in
    select tgname, tgrelid::regclass as target from pg_trigger
    where tgname in ('meshhook_alerts_step_failed', 'meshhook_alerts_run_failed', 'meshhook_alerts_dead_letter')
      and tgparentid = 0
  loop
    execute format('drop trigger %I on %s', attached.tgname, attached.target);
  end loop;
  if to_regnamespace('pgmq') is not null then
    if exists (select 1 from pgmq.meta where queue_name = 'meshhook_alerts') then
      perform pgmq.drop_queue('meshhook_alerts');
    end if;
  end if;
end $$;

drop table if exists
  public.alert_settings, public.alert_settings_versions, public.alert_channels, public.alert_silences,
  public.alerts, public.alert_folds, public.alert_failures, public.alert_logs,
  public.alert_notifications, public.alert_attempts, public.alert_health;
drop schema if exists meshhook_alerts cascade;
