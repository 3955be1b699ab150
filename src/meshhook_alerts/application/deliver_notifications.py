"""Deliver notifications: send once, say how it ended, and see to what follows.

Sending happens outside any transaction, under the queue's lease. A worker may die at any point
here: its lease runs out and the next one sends the same body with the same id.
"""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

from pydantic import BaseModel, ValidationError

from meshhook_alerts.application.channel_document import bound_to
from meshhook_alerts.application.ports import (
    AttemptResult,
    ChannelPlugin,
    ChannelTools,
    Clock,
    Destination,
    DueNotification,
    SecretBox,
    UnreadableSecret,
)
from meshhook_alerts.domain.delivery import (
    Ambiguous,
    Delivered,
    Outcome,
    Rejected,
    TryAgain,
    wait_before_next,
)
from meshhook_alerts.domain.reasons import Reason
from meshhook_alerts.domain.redaction import redact

_log = logging.getLogger(__name__)

SEND_LIMIT = timedelta(seconds=45)
"""No try may take longer; channels have tighter limits of their own."""

_OPENED_KEPT = 1_000
"""Channels whose settings stay opened in memory."""

_OUTCOME_WORD = {
    Delivered: "delivered",
    TryAgain: "try_again",
    Rejected: "rejected",
    Ambiguous: "ambiguous",
}


@dataclass(slots=True)
class DeliverNotifications:
    """The sending use case."""

    channels: Mapping[str, ChannelPlugin]
    tools: ChannelTools
    secrets: SecretBox
    clock: Clock
    report: Callable[[AttemptResult], Awaitable[None]]
    """Takes each result; returns when it is safely recorded."""
    jitter: Callable[[], float] = field(default=random.random)
    _opened: dict[UUID, tuple[Destination, BaseModel]] = field(default_factory=dict)

    async def __call__(self, due: DueNotification) -> AttemptResult:
        """Tries once and reports."""
        started_at = self.clock.now()
        if started_at >= due.deadline_at:
            outcome: Outcome = TryAgain("The deadline had passed before this try")
        else:
            outcome = await self._send(due)
        result = self._result(due, outcome, started_at, self.clock.now())
        await self.report(result)
        return result

    async def _send(self, due: DueNotification) -> Outcome:
        destination = due.destination
        if destination is None:
            return Rejected("The channel has been deleted")
        plugin = self.channels.get(destination.kind)
        if plugin is None:
            return Rejected(f"No channel of kind {destination.kind!r} is installed here")
        try:
            config = self._config(plugin, destination)
        except (UnreadableSecret, ValidationError) as problem:
            return Rejected(f"The channel's settings cannot be used: {_brief(problem)}")
        return await self._try(plugin, due, config)

    def _config(self, plugin: ChannelPlugin, destination: Destination) -> BaseModel:
        """The channel's settings, opened and checked once for as long as they stay the same."""
        known = self._opened.get(destination.id)
        if known is None or known[0] != destination:
            known = destination, self._open(plugin, destination)
            self._opened[destination.id] = known
            if len(self._opened) > _OPENED_KEPT:
                del self._opened[next(iter(self._opened))]
        return known[1]

    def _open(self, plugin: ChannelPlugin, destination: Destination) -> BaseModel:
        values = dict(destination.config)
        if destination.secrets:
            bound = bound_to(destination.project_id, destination.id)
            values |= self.secrets.open(destination.secrets, bound)
        return plugin.config_model.model_validate(values)

    async def _try(self, plugin: ChannelPlugin, due: DueNotification, config: BaseModel) -> Outcome:
        try:
            async with asyncio.timeout(SEND_LIMIT.total_seconds()):
                return await plugin.send(due.id, due.content, config, self.tools)
        except TimeoutError:
            return Ambiguous(f"No end after {SEND_LIMIT.total_seconds():.0f} s")
        except Exception as problem:  # a channel's own mistake must not stop the others
            _log.exception("channel %s failed", plugin.kind)
            return TryAgain(f"The channel itself failed: {_brief(problem)}")

    def _result(
        self, due: DueNotification, outcome: Outcome, started_at: datetime, finished_at: datetime
    ) -> AttemptResult:
        state, wait, reason = self._consequence(due, outcome, finished_at)
        return AttemptResult(
            notification_id=due.id,
            queue_id=due.queue_id,
            started_at=started_at,
            finished_at=finished_at,
            outcome=_OUTCOME_WORD[type(outcome)],
            detail=redact(outcome.detail)[:300],
            state=state,
            wait_seconds=wait.total_seconds(),
            reason=reason,
        )

    def _consequence(
        self, due: DueNotification, outcome: Outcome, now: datetime
    ) -> tuple[str, timedelta, Reason | None]:
        if isinstance(outcome, Delivered):
            return "delivered", timedelta(), Reason.DELIVERED
        if isinstance(outcome, Rejected):
            return "rejected", timedelta(), Reason.REJECTED
        asked = outcome.retry_after if isinstance(outcome, TryAgain) else None
        wait = wait_before_next(due.attempts + 1, asked, self.jitter(), due.deadline_at - now)
        if wait is None:
            return "expired", timedelta(), Reason.EXPIRED
        return "pending", wait, None


def _brief(problem: Exception) -> str:
    if isinstance(problem, ValidationError):
        # Pydantic's own text repeats the input, which may be a secret.
        return "; ".join(f"{_path(error['loc'])}: {error['msg']}" for error in problem.errors())
    return f"{type(problem).__name__}: {problem}"


def _path(loc: tuple[int | str, ...]) -> str:
    return ".".join(map(str, loc))
