-- Makes the partitions of the months to come; returns how many.
select meshhook_alerts.make_partitions()
