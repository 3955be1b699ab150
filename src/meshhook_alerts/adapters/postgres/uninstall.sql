-- Removes everything MeshHook Alerts created in this database. Runs in one transaction.
do $$
begin
  if to_regclass('pgmq.meta') is not null then
    if exists (select 1 from pgmq.meta where queue_name = 'meshhook_alerts') then
      perform pgmq.drop_queue('meshhook_alerts');
    end if;
  end if;
end $$;

drop table if exists
  public.alert_settings, public.alert_settings_versions, public.alert_channels, public.alert_silences,
  public.alerts, public.alert_folds, public.alert_failures, public.alert_logs,
  public.alert_notifications, public.alert_attempts, public.alert_health, public.alert_baseline;
-- Our triggers on MeshHook's tables go with their functions, even from tables we may not alter.
drop schema if exists meshhook_alerts cascade;
