-- The row by which workers take turns at a sweep.
insert into meshhook_alerts.sweeps (name) values (%(name)s) on conflict do nothing
