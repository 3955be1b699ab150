-- Everything one batch led to; or, of a batch in parts, what a part's signals came to. Rows arrive
-- as JSON; a column that is JSON itself arrives as lines
-- beside them: inside a row it would be read twice. Many new rows come by COPY instead; then the
-- lists of them are empty here. (The driver remembers texts up to 4096 bytes.)
with members as materialized (
  select %(project_id)s::uuid as project_id, unnest(%(members)s::bigint[]) as id,
         unnest(%(member_folds)s::uuid[]) as fold_id, unnest(%(member_decide)s::boolean[]) as decides
), gone as (
  delete from meshhook_alerts.signals signal using members
  where signal.project_id = members.project_id and signal.id = members.id
  returning source_ref, source_time, run_id, noticed_at, fold_id, decides
), failures as (
  insert into public.alert_failures (project_id, source_ref, source_time, fold_id, run_id, noticed_at)
  select %(project_id)s, source_ref, source_time, fold_id, run_id, noticed_at
  from gone where fold_id is not null
), verdicts as (
  -- A run that was lost before we were attached, went on and failed, is decided now.
  insert into meshhook_alerts.run_verdicts as verdict (run_id, project_id, fold_id)
  select distinct on (run_id) run_id, %(project_id)s, fold_id
  from gone where decides and run_id is not null
  on conflict (run_id) do update set fold_id = excluded.fold_id, decided_at = now()
    where verdict.fold_id is null
), folds as (
  insert into public.alert_folds
    (project_id, id, alert_id, kind, class, severity, workflow, workflow_version, node_id, node_type,
     http_status, error_class, error, sample, labels, run_id, count, decided_for, first_at, last_at,
     evidence)
  select %(project_id)s, fold.*
  from json_to_recordset(%(folds)s::json) as fold (
    id uuid, alert_id uuid, kind text, class text, severity text, workflow text,
    workflow_version int, node_id text, node_type text, http_status smallint, error_class text,
    error text, sample text, labels jsonb, run_id uuid, count int, decided_for timestamptz,
    first_at timestamptz, last_at timestamptz, evidence boolean)
), opened as (
  insert into public.alerts
    (project_id, id, workflow, fingerprint, fingerprint_version, status, severity, kind, class,
     node_id, error, error_class, opened_at, last_failure_at, count, withdrawn, resolved_at, count_before,
     volume, life, evidence, told)
  select %(project_id)s, id, workflow, fingerprint, fingerprint_version, status, severity, kind, class,
         node_id, error, error_class, opened_at, last_failure_at, count, withdrawn, resolved_at,
         count_before, volume, life, evidence::jsonb, told::jsonb
  from rows from (
    string_to_table(%(evidence)s, E'\n'), string_to_table(%(opened_told)s, E'\n'),
    json_to_recordset(%(opened)s::json) as (
      id uuid, workflow text, fingerprint text, fingerprint_version smallint, status text,
      severity text, kind text, class text, node_id text, error text, error_class text,
      opened_at timestamptz, last_failure_at timestamptz, count bigint, withdrawn bigint,
      resolved_at timestamptz, count_before bigint, volume jsonb, life jsonb)
  ) as alert (evidence, told)
), changed as (
  update public.alerts alert
  set status = change.status, severity = change.severity, last_failure_at = change.last_failure_at,
      count = change.count, withdrawn = change.withdrawn, resolved_at = change.resolved_at,
      count_before = change.count_before, volume = change.volume, life = change.life, told = change.told::jsonb, updated_at = now()
  from rows from (
    string_to_table(%(changed_told)s, E'\n'),
    json_to_recordset(%(changed)s::json) as (
      id uuid, severity text, last_failure_at timestamptz, count bigint, status text,
      withdrawn bigint, resolved_at timestamptz, count_before bigint, volume jsonb, life jsonb)
  ) as change (told)
  where alert.id = change.id
), ledger as (
  insert into public.alert_logs
    (project_id, settings_version, at, fold_id, alert_id, effect, reason, count, severity, rule,
     channel_id, channel, notification_id, blocked_by, eligible_at)
  select %(project_id)s, %(settings_version)s, entry.*
  from json_to_recordset(%(entries)s::json) as entry (
    at timestamptz, fold_id uuid, alert_id uuid, effect text, reason text, count int,
    severity text, rule text, channel_id uuid, channel text, notification_id uuid,
    blocked_by text, eligible_at timestamptz)
), notifications as (
  insert into public.alert_notifications
    (id, project_id, alert_id, fold_id, channel_id, reason, severity, content, template_version,
     deadline_at, covers)
  select id, %(project_id)s, alert_id, fold_id, channel_id, reason, severity, content::jsonb,
         template_version, deadline_at, covers
  from rows from (
    string_to_table(%(contents)s, E'\n'),
    json_to_recordset(%(notifications)s::json) as (
      id uuid, alert_id uuid, fold_id uuid, channel_id uuid, reason text, severity text,
      template_version smallint, deadline_at timestamptz, covers jsonb)
  ) as planned (content)
), state as (
  update meshhook_alerts.project_state set decided_at = clock_timestamp(), pace = coalesce(%(pace)s::jsonb, pace)
  where project_id = %(project_id)s
)
select 1
