-- One batch of the yardstick: claim, keep every failure event's row, fold, upsert, all set-based.
-- It writes the rows the product writes, message contents included; it decides nothing, redacts
-- nothing, and finds its fold key ready made.
with claimed as materialized (
  delete from bare.signals
  where project_id = %(project_id)s and id = any (array(
    select id from bare.signals where project_id = %(project_id)s
    order by id limit %(limit)s for update skip locked))
  returning *
), folded as materialized (
  select md5(min(id)::text)::uuid as id, fold_key, workflow_id, node_id, node_type, attempt,
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
), verdicts as (
  insert into bare.run_verdicts (run_id, project_id, fold_id)
  select distinct on (claimed.run_id) claimed.run_id, claimed.project_id, folded.id
  from claimed join folded
    on folded.fold_key = claimed.fold_key and folded.at = date_trunc('second', claimed.noticed_at)
  on conflict (run_id) do nothing
), troubles as materialized (
  select md5(fold_key) as fingerprint, fold_key, (array_agg(id order by at))[1] as first_fold,
         min(first_at) as first_at, max(last_at) as last_at, sum(count) as count,
         min(sample) as sample, (array_agg(run_id))[1] as run_id
  from folded group by fold_key
), upserted as (
  insert into bare.alerts as alert
    (id, project_id, workflow, fingerprint, fingerprint_version, status, severity, kind, class,
     node_id, error, error_class, evidence, opened_at, last_failure_at, count, told)
  select md5(first_fold || 'alert')::uuid, %(project_id)s, 'order-intake', fingerprint, 1, 'firing',
         'error', 'retries_exhausted', 'terminal', 'reserve-stock', fold_key, 'unknown',
         jsonb_build_object('sample', sample, 'run_id', run_id, 'attempts', 5, 'node_type', 'http_call',
           'workflow_name', 'Order intake', 'workflow_version', 1),
         first_at, last_at, count,
         jsonb_build_object(%(channel_id)s::text,
           jsonb_build_object('at', first_at, 'count', count, 'messages', 1))
  from troubles
  on conflict (project_id, fingerprint) where status <> 'resolved' do update
  set count = alert.count + excluded.count, last_failure_at = excluded.last_failure_at,
      told = excluded.told, updated_at = now()
  returning alert.id, alert.error as fold_key, xmax = 0 as is_new
), placed as materialized (
  select folded.*, upserted.id as alert_id, definition.slug, definition.version,
         md5(folded.id || 'message')::uuid as notification_id,
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
         jsonb_build_object(
           'schema', 1, 'type', 'alert.firing', 'reason', 'first_failure', 'severity', 'error',
           'headline', slug || ' › ' || node_id || ': ' || sample,
           'project', jsonb_build_object('id', %(project_id)s::text, 'name', 'Benchmark'),
           'workflow', jsonb_build_object('slug', slug, 'name', 'Order intake', 'version', version),
           'node', jsonb_build_object('id', node_id, 'type', node_type),
           'failure', jsonb_build_object(
             'kind', 'retries_exhausted', 'title', 'step failed and its retries are used up',
             'class', 'terminal', 'error', sample, 'error_class', 'unknown', 'http_status', null,
             'attempts', 5, 'hint', 'See the run for what led up to it.'),
           'alert', jsonb_build_object('id', alert_id, 'opened_at', first_at, 'last_failure_at', last_at,
             'detected_at', last_at, 'resolved_at', null, 'closed', null,
             'failures', count, 'new_failures', count, 'since', first_at),
           'run', jsonb_build_object('id', run_id), 'rule', 'Every run that cannot complete',
           'links', jsonb_build_object('alert', 'https://alerts.example/alerts/a/' || alert_id,
             'run', 'https://meshhook.example/runs/' || run_id, 'acknowledge', null, 'snooze', null)),
         1, now() + interval '6 hours'
  from placed where is_first
), queued as (
  insert into bare.queue (vt, message)
  select clock_timestamp(), jsonb_build_object('notification', notification_id)
  from placed where is_first
)
select count(*) from claimed
