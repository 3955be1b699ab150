-- Channels of the project that gave messages back and accepted none since, and when they were tried.
select channel_id, refused_at from meshhook_alerts.channel_health
where project_id = %(project_id)s and refused_since is not null
