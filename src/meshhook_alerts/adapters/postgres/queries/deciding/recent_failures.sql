-- The latest failures of the alerts that these fingerprints belong to, for rules that wait for so many of
-- them: as far back as the longest of their spans, and no more rows than the largest of their numbers.
select found.id, array(
    select recent.decided_for from public.alert_folds recent
    where recent.alert_id = found.id and not recent.evidence and recent.decided_for > %(since)s
    order by recent.decided_for desc limit %(most)s) as moments, array(
    select recent.count from public.alert_folds recent
    where recent.alert_id = found.id and not recent.evidence and recent.decided_for > %(since)s
    order by recent.decided_for desc limit %(most)s) as counts
from public.alerts found
where found.project_id = %(project_id)s and found.fingerprint = any (string_to_array(%(fingerprints)s, ','))
  and (found.status <> 'resolved' or found.resolved_at > now() - interval '30 days')
