"""Evaluate failures: take a batch of signals, fold, decide, and commit all that follows from it.

The steps are the line: signals → failure events → fold → match → suppress → throttle → notify.
"""

from __future__ import annotations

import asyncio
import gc
import logging
from collections.abc import Iterator, Mapping, Sequence
from contextlib import aclosing, contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from itertools import islice
from uuid import UUID

from meshhook_alerts.application.ports import (
    Batch,
    DecidingTransaction,
    DecisionStore,
    DueNotification,
    Message,
    ProjectSettings,
    StoreUnavailable,
)
from meshhook_alerts.domain.decision import Decisions, State
from meshhook_alerts.domain.delivery import deadline_for
from meshhook_alerts.domain.engine import decide
from meshhook_alerts.domain.failure import Fold
from meshhook_alerts.domain.folding import Folded, Folding, Judge
from meshhook_alerts.domain.kinds import FLEET_SILENT
from meshhook_alerts.domain.message import SCHEMA_VERSION, Links, compose
from meshhook_alerts.domain.policy import ProjectPolicy
from meshhook_alerts.domain.timers import TimerKind

_log = logging.getLogger(__name__)

BATCH_LIMIT = 5_000
"""Signals per transaction: large enough for storms, short enough to keep other work flowing."""

LEASED_LIMIT = 64
"""Messages a batch keeps for its own worker to send at once; more are left to all workers."""

_AT_A_TIME = 100
"""Signal groups folded before the rest of the process, the store's reading included, has a turn."""

_MOST_WORK = 20_000
"""Signal groups of a batch, under a single rule; with many rules there are fewer in it."""
_LEAST_GROUPS = 20
_LONG = 500
"""Folds, under a single rule, from which deciding on them takes longer than others should wait."""

POSTPONED_SECONDS = 30
"""Until a project that could not be decided on is tried again."""


@dataclass(frozen=True, slots=True)
class Evaluated:
    """What one batch came to."""

    signals: int
    failures: int
    leased: Sequence[DueNotification]
    """What this worker has to send now."""


@dataclass(frozen=True, slots=True)
class EvaluateFailures:
    """The deciding use case."""

    store: DecisionStore
    judges: Mapping[str, Judge]
    links: Links
    leased_limit: int = LEASED_LIMIT
    """0: it sends nothing itself."""

    async def __call__(
        self, limit: int = BATCH_LIMIT, only: UUID | None = None
    ) -> Evaluated | None:
        """Decides one batch, or one of ``only`` a project; None if nothing was waiting for this worker."""
        async with self.store.transaction() as transaction:
            with _collector_paused():
                batch = await transaction.take(limit, only)
                return await self._safely(transaction, batch) if batch else None

    async def _safely(self, transaction: DecidingTransaction, batch: Batch) -> Evaluated:
        try:
            return await self._decide(transaction, batch)
        except StoreUnavailable:
            raise
        except Exception:  # ours to mend; until then no other project may suffer
            _log.exception("project %s cannot be decided on", batch.project_id)
            await transaction.postpone(batch, POSTPONED_SECONDS)
            return Evaluated(signals=0, failures=0, leased=())

    async def _decide(self, transaction: DecidingTransaction, batch: Batch) -> Evaluated:
        settings = await transaction.settings(batch)
        signals, folded = await self._fold(transaction, batch, settings.policy)
        folds = folded.folds
        acts = batch.acts
        fingerprints = sorted(
            {each for fold in folds for each in (fold.fingerprint, *fold.older)}
            | {act.fingerprint for act in acts if act.fingerprint}
        )
        touched = {recovery.alert_id for recovery in folded.recoveries}
        touched |= {act.alert_id for act in acts}
        touched |= {timer.alert_id for timer in batch.timers if timer.kind is not TimerKind.STORM}
        if any(timer.kind is TimerKind.STORM for timer in batch.timers) and batch.pace.storm:
            touched |= set(batch.pace.storm.alerts)
        explaining = any(fold.kind == FLEET_SILENT.name for fold in folds)
        state = await transaction.state(
            batch.project_id,
            fingerprints,
            sorted(touched),
            explaining=explaining,
            recent=_lookback(folds, settings.policy),
        )
        state = replace(state, pace=batch.pace)
        decisions = await self._decided(folds, settings.policy, state, batch, folded)
        messages = self._messages(decisions, settings)
        leased = list(islice(messages, self.leased_limit))
        queued = await transaction.commit(batch, folded, decisions, leased, messages)
        return Evaluated(
            signals=signals,
            failures=sum(fold.count for fold in folds),
            leased=[
                _due(message, queue_id, thread, batch, settings)
                for message, (queue_id, thread) in zip(leased, queued, strict=True)
            ],
        )

    async def _decided(
        self,
        folds: Sequence[Fold],
        policy: ProjectPolicy,
        state: State,
        batch: Batch,
        folded: Folded,
    ) -> Decisions:
        """As ``decide``; what takes long does so beside the rest of the process, not before it."""
        work = partial(
            decide, folds, policy, state, batch.now, folded.recoveries, batch.timers, batch.acts
        )
        if len(folds) * policy.weight < _LONG:
            return work()
        return await asyncio.to_thread(work)

    async def _fold(
        self, transaction: DecidingTransaction, batch: Batch, policy: ProjectPolicy
    ) -> tuple[int, Folded]:
        """The number of signals, and what they came to."""
        folding, signals = Folding(self.judges, policy), 0
        left = max(_LEAST_GROUPS, _MOST_WORK // policy.weight)
        async with aclosing(transaction.parts(batch)) as parts:
            async for whole in parts:
                part = whole.first(left)
                left -= len(part.groups)
                placed = folding.add(part.groups[:_AT_A_TIME])
                for begin in range(_AT_A_TIME, len(part.groups), _AT_A_TIME):
                    await asyncio.sleep(0)
                    placed += folding.add(part.groups[begin : begin + _AT_A_TIME])
                transaction.settle(part, placed)
                signals += part.signals
                if left <= 0:
                    break  # the rest comes with the next batch, after other projects
        return signals, folding.folded()

    def _messages(self, decisions: Decisions, settings: ProjectSettings) -> Iterator[Message]:
        """Composed one by one, while the store is writing."""
        return (
            Message(
                notification_id=planned.id,
                channel_id=planned.channel.id,
                content=compose(planned, settings.policy, self.links),
                deadline_seconds=deadline_for(planned.severity).total_seconds(),
            )
            for planned in decisions.notifications
        )


def _lookback(folds: Sequence[Fold], policy: ProjectPolicy) -> tuple[datetime, int] | None:
    """From when on, and how many at most, failures of before must be known."""
    if not folds or policy.lookback is None:
        return None
    span, most = policy.lookback
    return min(fold.at for fold in folds) - span, most


@contextmanager
def _collector_paused() -> Iterator[None]:
    """A batch makes hundreds of thousands of objects that live until its end; looking through them
    again and again for cycles would take a quarter of the time."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


def _due(
    message: Message, queue_id: int, thread: str | None, batch: Batch, settings: ProjectSettings
) -> DueNotification:
    return DueNotification(
        id=message.notification_id,
        queue_id=queue_id,
        content=message.content,
        template_version=SCHEMA_VERSION,
        created_at=batch.now,
        deadline_at=batch.now + timedelta(seconds=message.deadline_seconds),
        attempts=0,
        destination=settings.destinations.get(message.channel_id),
        thread=thread,
    )
