"""What came of the demo, read from the tables as the project's owner may see them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from psycopg.rows import dict_row
from psycopg_pool import AsyncConnectionPool

from meshhook_alerts.adapters.postgres.settings_store import as_role
from meshhook_alerts.application.settings_ports import Caller

_COUNTERS = """
select (select count(*) from public.workflow_runs) as runs,
       (select count(*) from public.alert_failures) as failures,
       (select count(*) from public.alerts) as alerts,
       (select count(*) from public.alerts where status <> 'resolved') as open,
       (select count(*) from public.alert_notifications where state = 'delivered') as delivered,
       (select count(*) from public.alert_notifications where state = 'pending') as pending,
       (select count(*) from public.alert_notifications where state in ('rejected', 'expired')) as lost,
       (select percentile_cont(0.5) within group (order by extract(epoch from attempt.finished_at - seen.at))
        from public.alert_attempts attempt
        join public.alert_notifications sent on sent.id = attempt.notification_id
        cross join lateral (select max(failure.noticed_at) as at from public.alert_failures failure
                            where failure.fold_id = sent.fold_id) seen
        where attempt.number = 1 and attempt.outcome = 'delivered'
          and sent.reason in ('first_failure', 'came_back')) as delay
"""

_ALERTS = """
select alert.*, now() - alert.last_failure_at as ago, now() - alert.opened_at as age,
  (select coalesce(jsonb_agg(jsonb_build_object('channel', channel.name, 'kind', channel.kind,
            'messages', told.value -> 'messages', 'state', latest.state) order by channel.name), '[]')
   from jsonb_each(alert.told) told
   join public.alert_channels channel on channel.id = told.key::uuid
   left join lateral (select state from public.alert_notifications sent
     where sent.alert_id = alert.id and sent.channel_id = channel.id
     order by created_at desc limit 1) latest on true) as told_channels
from public.alerts alert
"""


@dataclass(frozen=True, slots=True)
class Figures:
    """Reads for one caller."""

    pool: AsyncConnectionPool
    caller: Caller

    async def counters(self) -> dict[str, Any]:
        """How much of everything there is."""
        return (await self._rows(_COUNTERS))[0]

    async def alerts(self, limit: int = 10) -> list[dict[str, Any]]:
        """Alerts: the open ones first, of these the loudest and latest; then those that are over."""
        order = (
            "order by status = 'resolved', array_position(array['critical','error','warning','info'],"
            " severity), last_failure_at desc limit %s"
        )
        return [_readable(row) for row in await self._rows(_ALERTS + order, limit)]

    async def _rows(self, text: str, *arguments: object) -> list[dict[str, Any]]:
        async with as_role(self.pool, self.caller) as connection:
            cursor = connection.cursor(row_factory=dict_row)
            await cursor.execute(text, arguments)
            return await cursor.fetchall()


def _readable(row: dict[str, Any]) -> dict[str, Any]:
    as_it_came: str = row["evidence"].get("sample") or row["error"]
    return {**row, "what": as_it_came.split("\n", 1)[0]}
