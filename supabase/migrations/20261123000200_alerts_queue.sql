-- MeshHook Alerts: the delivery queue, on pgmq, MeshHook's own queue and Supabase's native one.
-- Where the extension is not available, `meshhook-alerts migrate` installs pgmq's plain SQL first.

do $$
begin
  if to_regnamespace('pgmq') is null then
    if not exists (select 1 from pg_available_extensions where name = 'pgmq') then
      raise exception 'MeshHook Alerts needs pgmq, and this server does not offer the extension'
        using errcode = 'undefined_object',
              hint = 'Run `meshhook-alerts migrate` once: it installs pgmq as plain SQL and applies these files.';
    end if;
    create extension pgmq;
    insert into meshhook_alerts.installed values ('pgmq', 'extension') on conflict do nothing;
  end if;
  if not exists (select 1 from pgmq.meta where queue_name = 'meshhook_alerts') then
    perform pgmq.create('meshhook_alerts');
  end if;
exception when insufficient_privilege then
  raise exception 'MeshHook Alerts needs a queue of its own in pgmq, and % may not create it: %', current_user, sqlerrm
    using errcode = 'insufficient_privilege',
          hint = 'Let an administrator run: '
            || case when to_regnamespace('pgmq') is null then 'create extension pgmq; ' else '' end
            || format('grant usage, create on schema pgmq to %1$I; '
                      'grant select, insert, delete on all tables in schema pgmq to %1$I;', current_user);
end $$;

insert into meshhook_alerts.migrations (version) values ('20261123000200') on conflict do nothing;
