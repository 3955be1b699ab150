-- A row if a worker that is alive can send e-mail through the operator's mail server.
select 1 from public.alert_health
where part like 'worker:%%' and state = 'working' and updated_at > now() - interval '30 seconds'
  and detail ->> 'mail' = 'true'
limit 1
