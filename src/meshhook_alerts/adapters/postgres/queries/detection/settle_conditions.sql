-- Compares what is true now with what is remembered. New conditions come, those that are still true
-- stay, the others begin to clear, and those found clear again after the hold are over. One whose
-- failure nobody has decided on yet waits for that.
with seen as (
  select distinct project_id, kind, key
  from json_to_recordset(%(seen)s::json) as seen (project_id uuid, kind text, key text)
), raised as (
  insert into meshhook_alerts.conditions (project_id, kind, key, since, last_seen_at, ref)
  select project_id, kind, key, now(), now(),
    'condition:' || kind || ':' || key || ':' || to_char(now() at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')
  from seen
  on conflict do nothing
  returning project_id, kind, key, since, ref
), kept as (
  update meshhook_alerts.conditions known set last_seen_at = now(), clear_since = null
  from seen
  where known.project_id = seen.project_id and known.kind = seen.kind and known.key = seen.key
), unseen as (
  select known.* from meshhook_alerts.conditions known
  left join seen using (project_id, kind, key)
  where known.kind = any (string_to_array(%(kinds)s, ',')) and seen.kind is null
), clearing as (
  update meshhook_alerts.conditions known set clear_since = now()
  from unseen
  where known.project_id = unseen.project_id and known.kind = unseen.kind and known.key = unseen.key
    and unseen.clear_since is null
), over as (
  delete from meshhook_alerts.conditions known using unseen
  where known.project_id = unseen.project_id and known.kind = unseen.kind and known.key = unseen.key
    and unseen.clear_since <= now() - make_interval(secs => %(hold)s)
    and not exists (
      select 1 from meshhook_alerts.signals waiting
      where waiting.project_id = known.project_id and waiting.source_ref = known.ref
        and waiting.source_time = known.since)
  returning known.project_id, known.kind, known.key, known.since, known.ref
)
select true as is_new, project_id, kind, key, since, ref, now() as at from raised
union all
select false, project_id, kind, key, since, ref, now() from over
