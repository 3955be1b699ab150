-- Runs that were known to be stuck before we were attached and have gone on since: from now on they
-- are like any other.
delete from meshhook_alerts.run_verdicts
where run_id = any (string_to_array(%(runs)s, ',')::uuid[]) and fold_id is null
