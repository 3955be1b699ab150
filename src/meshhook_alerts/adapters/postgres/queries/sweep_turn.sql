-- Takes the turn at a sweep; no row where another worker has it.
select position from meshhook_alerts.sweeps where name = %(name)s for update skip locked
