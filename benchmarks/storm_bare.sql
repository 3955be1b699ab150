-- One batch of the yardstick: claim, keep every failure event's row, fold, upsert, all set-based.
-- It writes the rows the product writes, decides nothing, and finds its fold key ready made.
with claimed as materialized (
  delete from bare.signals
  where project_id = %(project_id)s and id = any (array(
    select id from bare.signals where project_id = %(project_id)s
    order by id limit %(limit)s for update skip locked))
  returning *
), folded as materialized (
  select gen_random_uuid() as id, gen_random_uuid() as notification_id,
         fold_key, workflow_id, node_id, node_type, attempt,
         date_trunc('second', noticed_at) as at, min(noticed_at) as first_at,
         max(noticed_at) as last_at, count(*)::int as count, min(error) as sample,
         (array_agg(run_id))[1] as run_id
  from claimed
  group by fold_key, workflow_id, node_id, node_type, attempt, date_trunc('second', noticed_at)
), failures as (
  insert into bare.alert_failures (project_id, source_ref, source_time, fold_id, run_id, noticed_at)
  select claimed.project_id, claimed.source_ref, claimed.source_time, folded.id, claimed.run_id,
         claimed.noticed_at
  from claimed join folded
    on folded.fold_key = claimed.fold_key and folded.at = date_trunc('second', claimed.noticed_at)
), troubles as materialized (
  select md5(fold_key) as fingerprint, fold_key, (array_agg(id order by at))[1] as first_fold,
         min(first_at) as first_at, max(last_at) as last_at, sum(count) as count,
         min(sample) as sample
  from folded group by fold_key
), upserted as (
  insert into bare.alerts as alert
    (id, project_id, workflow, fingerprint, fingerprint_version, status, severity, kind, class,
     node_id, error, error_class, evidence, opened_at, last_failure_at, count, told)
  select gen_random_uuid(), %(project_id)s, 'order-intake', fingerprint, 1, 'firing', 'error',
         'retries_exhausted', 'terminal', 'reserve-stock', fold_key, 'unknown', %(evidence)s::jsonb,
         first_at, last_at, count, %(told)s::jsonb
  from troubles
  on conflict (project_id, fingerprint) where status <> 'resolved' do update
  set count = alert.count + excluded.count, last_failure_at = excluded.last_failure_at,
      told = excluded.told, updated_at = now()
  returning alert.id, alert.error as fold_key, xmax = 0 as is_new
), placed as materialized (
  select folded.*, upserted.id as alert_id, definition.slug, definition.version,
         upserted.is_new and folded.id = troubles.first_fold as is_first
  from folded
  join troubles using (fold_key)
  join upserted using (fold_key)
  join public.workflow_definitions definition on definition.id = folded.workflow_id
), folds as (
  insert into bare.alert_folds
    (id, project_id, alert_id, kind, class, severity, workflow, workflow_version, node_id, node_type,
     error_class, error, sample, run_id, count, decided_for, first_at, last_at)
  select id, %(project_id)s, alert_id, 'retries_exhausted', 'terminal', 'error', slug, version,
         node_id, node_type, 'unknown', fold_key, sample, run_id, count, at, first_at, last_at
  from placed
), ledger as (
  insert into bare.alert_logs
    (project_id, at, fold_id, alert_id, effect, reason, count, severity, rule, channel_id, channel,
     notification_id, blocked_by, eligible_at, settings_version)
  select %(project_id)s, at, id, alert_id, case when is_first then 'told' else 'folded' end,
         case when is_first then 'first_failure' else 'cooldown' end, count, 'error',
         'Every run that cannot complete', %(channel_id)s, 'ops',
         case when is_first then notification_id end,
         case when not is_first then 'Every run that cannot complete' end,
         case when not is_first then at + interval '30 minutes' end, 1
  from placed
), notifications as (
  insert into bare.alert_notifications
    (id, project_id, alert_id, fold_id, channel_id, reason, severity, content, template_version,
     deadline_at)
  select notification_id, %(project_id)s, alert_id, id, %(channel_id)s, 'first_failure', 'error',
         %(content)s::jsonb, 1, now() + interval '1 hour'
  from placed where is_first
), queued as (
  insert into bare.queue (vt, message)
  select clock_timestamp(), jsonb_build_object('notification', notification_id)
  from placed where is_first
)
select count(*) from claimed
