-- The projects whose alerts the caller may read.
select mine from meshhook_alerts.my_projects('read') mine
