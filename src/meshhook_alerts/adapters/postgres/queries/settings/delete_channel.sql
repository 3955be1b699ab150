-- Deletes a channel; what waits for it is given up when its turn comes.
with gone as (
  delete from public.alert_channels where project_id = %(project_id)s and name = %(name)s returning id
)
delete from meshhook_alerts.channel_health health using gone where health.channel_id = gone.id
