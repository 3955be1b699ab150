-- Kinds of channels in use, how many there are, and whether a worker that is alive has them.
select kind, count(*)::int, exists (
  select 1 from public.alert_health health
  where health.part like 'worker:%%' and health.state = 'working'
    and health.updated_at > now() - interval '30 seconds' and health.detail -> 'kinds' ? channel.kind)
from public.alert_channels channel where enabled group by kind order by kind
