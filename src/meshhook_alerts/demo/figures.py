"""What the demo's page shows, read from the tables as the project's owner may see them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from psycopg.rows import dict_row
from psycopg_pool import AsyncConnectionPool

from meshhook_alerts.adapters.postgres.settings_store import as_role
from meshhook_alerts.application.settings_ports import Caller
from meshhook_alerts.domain.error_class import ERROR_CLASSES
from meshhook_alerts.domain.hints import hint_for
from meshhook_alerts.domain.kinds import title_of
from meshhook_alerts.domain.reasons import Reason

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

_LEDGER = """
select log.*, coalesce(fold.workflow, alert.workflow) as workflow, coalesce(fold.node_id, alert.node_id) as node_id,
       fold.error, sent.detail, case when log.effect = 'told' and sent.state <> 'pending' then sent.state end as ended
from public.alert_logs log
left join public.alerts alert on alert.id = log.alert_id
left join public.alert_folds fold on fold.id = log.fold_id
left join public.alert_notifications sent on sent.id = log.notification_id
"""

_ATTEMPTS = """
select attempt.*, channel.name as channel, sent.reason as about,
       extract(epoch from attempt.finished_at - attempt.started_at) as took
from public.alert_attempts attempt
join public.alert_notifications sent on sent.id = attempt.notification_id
join public.alert_channels channel on channel.id = sent.channel_id
where sent.alert_id = %s order by attempt.finished_at desc limit 50
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

    async def alert(self, alert_id: UUID) -> dict[str, Any] | None:
        """One alert."""
        rows = await self._rows(_ALERTS + "where alert.id = %s", alert_id)
        return _readable(rows[0]) if rows else None

    async def ledger(self, alert_id: UUID | None = None, limit: int = 25) -> list[dict[str, Any]]:
        """The newest ledger entries, of one alert or of all."""
        # How a message ended stands with the decision to send it.
        where = "where log.effect <> 'outcome' " + ("and log.alert_id = %s " if alert_id else "")
        arguments = (alert_id, limit) if alert_id else (limit,)
        rows = await self._rows(_LEDGER + where + "order by log.id desc limit %s", *arguments)
        return [{**row, "sentence": Reason(row["reason"]).sentence} for row in rows]

    async def attempts(self, alert_id: UUID) -> list[dict[str, Any]]:
        """Tries to send about an alert, the newest first."""
        return await self._rows(_ATTEMPTS, alert_id)

    async def _rows(self, text: str, *arguments: object) -> list[dict[str, Any]]:
        async with as_role(self.pool, self.caller) as connection:
            cursor = connection.cursor(row_factory=dict_row)
            await cursor.execute(text, arguments)
            return await cursor.fetchall()


def _readable(row: dict[str, Any]) -> dict[str, Any]:
    known = row["error_class"] in ERROR_CLASSES
    hint = hint_for(row["kind"], row["error_class"]) if known else ""
    as_it_came: str = row["evidence"].get("sample") or row["error"]
    what = as_it_came.split("\n", 1)[0]
    return {**row, "title": title_of(row["kind"]), "hint": hint, "what": what}
