"""Deliver notifications: send once, say how it ended, and see to what follows.

Sending happens outside any transaction, under the queue's lease. A worker may die at any point
here: its lease runs out and the next one sends the same body with the same id.
"""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from uuid import UUID

from pydantic import BaseModel, ValidationError

from meshhook_alerts.application.channel_document import destination_of, unseal
from meshhook_alerts.application.lent_tools import LentTools
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
from meshhook_alerts.application.take_receipt import receipt_url
from meshhook_alerts.domain.delivery import (
    Ambiguous,
    Delivered,
    Outcome,
    Rejected,
    TryAgain,
    wait_before_next,
)
from meshhook_alerts.domain.reasons import Reason
from meshhook_alerts.domain.redaction import redact, redact_name

_log = logging.getLogger(__name__)

SEND_LIMIT = timedelta(seconds=45)
"""No try may take longer; channels have tighter limits of their own."""

_LONGEST_REFERENCE = 200
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
    jitter: Callable[[], float] = field(default=random.random)
    base_url: str | None = None
    """Where the other side of a channel reaches our API, if it can."""
    _opened: dict[UUID, tuple[Destination, BaseModel]] = field(default_factory=dict)

    async def __call__(self, due: DueNotification) -> AttemptResult:
        """Tries once; whatever happens, the result says how it ended."""
        started_at = self.clock.now()
        if started_at >= due.deadline_at:
            outcome: Outcome = TryAgain("The deadline had passed before this try")
        else:
            outcome = await self._send(due)
        return self._result(due, outcome, started_at, self.clock.now())

    async def _send(self, due: DueNotification) -> Outcome:
        destination = due.destination
        if destination is None:
            return Rejected("The channel has been deleted")
        plugin = self.channels.get(destination.kind)
        if plugin is None:
            # Another worker may have it.
            return TryAgain(
                f"This worker knows no channel of kind {destination.kind!r}: install its package here"
            )
        try:
            config = self._config(plugin, destination)
        except UnreadableSecret as problem:  # another worker may have the key
            return TryAgain(f"The channel's secrets cannot be opened here: {problem}")
        except Exception as problem:
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
            channel = destination.project_id, destination.id
            place = destination_of(plugin.config_model, destination.config)
            values |= unseal(self.secrets, destination.secrets, channel, place)
        return plugin.config_model.model_validate(values)

    async def _try(self, plugin: ChannelPlugin, due: DueNotification, config: BaseModel) -> Outcome:
        try:
            async with asyncio.timeout(SEND_LIMIT.total_seconds()):
                tools = LentTools(
                    self.tools, done=due.done, thread=due.thread, receipt_url=self._receipt_url(due)
                )
                return _checked(await plugin.send(due.id, due.content, config, tools))
        except TimeoutError:
            return Ambiguous(f"No end after {SEND_LIMIT.total_seconds():.0f} s")
        except Exception as problem:  # a channel's own mistake must not stop the others
            _log.exception("channel %s failed", plugin.kind)
            return TryAgain(f"The channel itself failed: {_brief(problem)}")

    def _receipt_url(self, due: DueNotification) -> str | None:
        if not self.base_url or due.destination is None:
            return None
        return receipt_url(self.base_url, due.destination.id, due.id)

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
            detail=redact(_storable(outcome.detail))[:300],
            state=state,
            wait_seconds=wait.total_seconds(),
            reason=reason,
            done=tuple(dict.fromkeys((*due.done, *_done(outcome)))),
            connected=_connected(outcome),
            channel=redact_name(due.destination.name) if due.destination else None,
            reference=_reference(outcome),
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


def _done(outcome: Outcome) -> tuple[str, ...]:
    return () if isinstance(outcome, Rejected) else tuple(map(_storable, outcome.done))


def _reference(outcome: Outcome) -> str | None:
    if not isinstance(outcome, Delivered) or outcome.reference is None:
        return None
    return _storable(outcome.reference)[:_LONGEST_REFERENCE]


def _connected(outcome: Outcome) -> bool | None:
    if isinstance(outcome, Delivered | Ambiguous):
        return True
    return outcome.connected if isinstance(outcome.connected, bool) else None


def _checked(outcome: object) -> Outcome:
    """What a plug-in gave back, if it is an outcome; whatever else it is, it proves no delivery."""
    if not isinstance(outcome, Delivered | TryAgain | Rejected | Ambiguous):
        return TryAgain(f"The channel itself failed: it gave back {outcome!r:.80} and no outcome")
    detail: object = outcome.detail
    if not isinstance(detail, str):
        outcome = replace(outcome, detail=f"{detail!r:.300}")
    asked: object = outcome.retry_after if isinstance(outcome, TryAgain) else None
    if isinstance(outcome, TryAgain) and not isinstance(asked, timedelta):
        outcome = replace(outcome, retry_after=None)
    if not isinstance(outcome, Rejected) and not _are_texts(outcome.done):
        outcome = replace(outcome, done=())
    reference: object = outcome.reference if isinstance(outcome, Delivered) else None
    if isinstance(outcome, Delivered) and not isinstance(reference, str | None):
        outcome = replace(outcome, reference=None)
    return outcome


def _are_texts(parts: object) -> bool:
    return isinstance(parts, tuple | list) and all(isinstance(part, str) for part in parts)


def _storable(text: str) -> str:
    return text.replace("\0", "").encode("utf-8", "replace").decode()


def _brief(problem: Exception) -> str:
    if isinstance(problem, ValidationError):
        # Pydantic's own text repeats the input, which may be a secret.
        return "; ".join(f"{_path(error['loc'])}: {error['msg']}" for error in problem.errors())
    return f"{type(problem).__name__}: {problem}"


def _path(loc: tuple[int | str, ...]) -> str:
    return ".".join(map(str, loc))
