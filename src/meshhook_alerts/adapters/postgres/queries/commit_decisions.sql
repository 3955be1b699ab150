-- Everything one batch led to, in one statement: the signals go, failures, folds, alerts, ledger
-- entries and notifications come, and the queue learns what to send.
with members as materialized (
  select nullif(entry ->> 'fold', '')::uuid as fold_id, unnest(string_to_array(entry ->> 'ids', ',')::bigint[]) as id
  from json_array_elements(%(members)s::json) entry
), gone as (
  delete from meshhook_alerts.signals signal using members
  where signal.project_id = %(project_id)s and signal.id = members.id
  returning signal.source_ref, signal.source_time, signal.run_id, signal.noticed_at, members.fold_id
), failures as (
  insert into public.alert_failures (project_id, source_ref, source_time, fold_id, run_id, noticed_at)
  select %(project_id)s, source_ref, source_time, fold_id, run_id, noticed_at
  from gone where fold_id is not null
), folds as (
  insert into public.alert_folds
    (id, project_id, alert_id, kind, class, severity, workflow, workflow_version, node_id, node_type,
     http_status, error_class, error, sample, labels, run_id, count, decided_for, first_at, last_at)
  select fold.id, %(project_id)s, alert_id, kind, class, severity, workflow, workflow_version, node_id, node_type,
         http_status, error_class, error, sample, coalesce(labels, '{}'), run_id, count, decided_for, first_at, last_at
  from json_to_recordset(%(folds)s::json) as fold (
    id uuid, alert_id uuid, kind text, class text, severity text, workflow text,
    workflow_version int, node_id text, node_type text, http_status smallint, error_class text,
    error text, sample text, labels jsonb, run_id uuid, count int, decided_for timestamptz,
    first_at timestamptz, last_at timestamptz)
), opened as (
  insert into public.alerts
    (id, project_id, workflow, fingerprint, fingerprint_version, status, severity, kind, class,
     node_id, error, error_class, evidence, opened_at, last_failure_at, count, told)
  select alert.id, %(project_id)s, alert.workflow, alert.fingerprint, alert.fingerprint_version, alert.status,
         alert.severity, alert.kind, alert.class, alert.node_id, alert.error, alert.error_class, alert.evidence,
         alert.opened_at, alert.last_failure_at, alert.count, alert.told
  from json_to_recordset(%(opened)s::json) as alert (
    id uuid, workflow text, fingerprint text, fingerprint_version smallint, status text,
    severity text, kind text, class text, node_id text, error text, error_class text,
    evidence jsonb, opened_at timestamptz, last_failure_at timestamptz, count bigint, told jsonb)
), changed as (
  update public.alerts alert
  set severity = change.severity, last_failure_at = change.last_failure_at,
      count = change.count, told = change.told, updated_at = now()
  from json_to_recordset(%(changed)s::json) as change (
    id uuid, severity text, last_failure_at timestamptz, count bigint, told jsonb)
  where alert.id = change.id
), ledger as (
  insert into public.alert_logs
    (project_id, at, fold_id, alert_id, effect, reason, count, severity, rule, channel_id, channel,
     notification_id, blocked_by, eligible_at, settings_version)
  select %(project_id)s, at, fold_id, alert_id, effect, reason, count, severity, rule, channel_id,
         channel, notification_id, blocked_by, eligible_at, %(settings_version)s
  from json_to_recordset(%(entries)s::json) as entry (
    at timestamptz, fold_id uuid, alert_id uuid, effect text, reason text, count int,
    severity text, rule text, channel_id uuid, channel text, notification_id uuid,
    blocked_by text, eligible_at timestamptz)
), notifications as (
  insert into public.alert_notifications
    (id, project_id, alert_id, fold_id, channel_id, reason, severity, content, template_version,
     deadline_at)
  select id, %(project_id)s, alert_id, fold_id, channel_id, reason, severity, content,
         %(template_version)s, now() + make_interval(secs => deadline)
  from json_to_recordset(%(notifications)s::json) as planned (
    id uuid, alert_id uuid, fold_id uuid, channel_id uuid, reason text, severity text,
    content jsonb, deadline double precision)
), state as (
  update meshhook_alerts.project_state set decided_at = clock_timestamp()
  where project_id = %(project_id)s
)
select 1
