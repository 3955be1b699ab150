-- The yardstick's tables: the shape and the indexes of ours, in a schema beside them.
create schema bare;
create table bare.signals (like meshhook_alerts.signals including all);
alter table bare.signals add fold_key text;  -- what the product has to work out from the text
create table bare.alert_failures (like public.alert_failures including all);
create table bare.run_verdicts (like meshhook_alerts.run_verdicts including all);
create table bare.alert_folds (like public.alert_folds including all);
create table bare.alerts (like public.alerts including all);
create table bare.alert_logs (like public.alert_logs including all);
create table bare.alert_notifications (like public.alert_notifications including all);
create table bare.queue (like pgmq.q_meshhook_alerts including all);
