-- Which of channels that the caller may see take no messages, since when, and what they answer.
select channel_id, failing_since, detail from meshhook_alerts.channel_health
where channel_id = any (%(ids)s) and failing_since is not null
