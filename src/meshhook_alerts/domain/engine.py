"""The decision: one pure function of (folds, policy, state, now).

Live worker, simulator and explain call this and nothing else, so they cannot disagree.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from itertools import groupby
from uuid import UUID

from meshhook_alerts.domain.alert import Alert, AlertStatus, Told
from meshhook_alerts.domain.decision import (
    Candidate,
    Context,
    Decisions,
    LedgerEntry,
    PlannedNotification,
    State,
    Verdict,
)
from meshhook_alerts.domain.failure import Fold, Recovery
from meshhook_alerts.domain.identifiers import NIL, derive_id
from meshhook_alerts.domain.kinds import FLEET_SILENT
from meshhook_alerts.domain.policy import Channel, ProjectPolicy
from meshhook_alerts.domain.reasons import Effect, Reason
from meshhook_alerts.domain.recovering import after_farewell, farewells, withdraw
from meshhook_alerts.domain.releasing import (
    after_digest,
    after_outcome,
    digest_of,
    heard_again,
    is_owed,
    passed_over,
    release,
    untold,
)
from meshhook_alerts.domain.stages import SUPPRESSING
from meshhook_alerts.domain.stages.match import NoTarget, Target, match
from meshhook_alerts.domain.stages.notify import notify, reason_to_tell
from meshhook_alerts.domain.timers import LOOK_AGAIN, Timer, TimerKind, untold_timer

NOTICED_WITHIN = timedelta(minutes=5)
"""Between what all workers' silence explains and the notice of it; no longer than an end of it must
have held to be believed, so that this passes no end."""


_RELEASED_LATER = frozenset(
    {
        Reason.COOLDOWN,
        Reason.UNDER_WAY,
        Reason.CHANNEL_REFUSES,
        Reason.QUIET_PERIOD,
        Reason.CHANNEL_CAP,
        Reason.SILENCED,
    }
)
"""What a failure was counted for, to be told when it is over."""


def decide(
    folds: Iterable[Fold],
    policy: ProjectPolicy,
    state: State,
    now: datetime,
    recoveries: Iterable[Recovery] = (),
    timers: Iterable[Timer] = (),
) -> Decisions:
    """What to do about ``folds``, ``recoveries`` and due ``timers``, all of ``policy``'s project,
    given what was before.

    They are taken by the time of their recording, whatever order they come in. ``now`` is for
    what depends on the present; a failure is judged by its own time.
    """
    draft = _Draft(Context(policy, state, now), policy.is_plain)
    all_folds = list(folds)
    items: list[Fold | Recovery | Timer] = [fold for fold in all_folds if not fold.is_evidence]
    items += recoveries
    items += timers
    for key, group in groupby(sorted(items, key=_moment), key=_together):
        if isinstance(key, tuple):
            draft.release([each for each in group if isinstance(each, Timer)])
            continue
        item = next(group)
        if isinstance(item, Fold):
            draft.decide(item)
        elif isinstance(item, Timer):
            draft.fire(item)
        else:
            draft.recover(item)
    for fold in all_folds:
        if fold.is_evidence:
            draft.add_evidence(fold)
    return draft.decisions()


def _moment(item: Fold | Recovery | Timer) -> tuple[datetime, int, int]:
    """What explains others comes before them, and within one second an end last: it proves
    something about what was before. A timer comes first, as it is there before any failure of its
    second can be."""
    if isinstance(item, Timer):
        return item.due, -1 if item.kind is TimerKind.UNTOLD else -2, item.channel_id.int
    if isinstance(item, Recovery):
        return item.at, 2, item.alert_id.int
    if item.kind == FLEET_SILENT.name:
        # It began before anybody could notice it, and so before what it explains was noticed.
        return item.at - NOTICED_WITHIN, 0, item.id.int
    return item.at, 1, item.id.int  # ordered as the ids are, and compared far faster


def _together(item: Fold | Recovery | Timer) -> object:
    """What is told in one message, if it may be told: all that comes due for a channel at one moment."""
    if isinstance(item, Timer) and item.kind is TimerKind.UNTOLD:
        return item.due, item.channel_id
    return item.id if isinstance(item, Fold) else id(item)


@dataclass(slots=True)
class _Draft:
    """Decisions in the making."""

    context: Context
    plain: bool
    """Whether rules look at no more than kind, severity, workflow and node."""
    alerts: dict[UUID, Alert] = field(default_factory=dict)
    current: dict[str, UUID] = field(default_factory=dict)
    """Fingerprint → the alert that a failure of today would be counted in."""
    last_folds: dict[UUID, Fold] = field(default_factory=dict)
    alert_of: dict[UUID, UUID] = field(default_factory=dict)
    opened_by: dict[UUID, Fold] = field(default_factory=dict)
    entries: list[LedgerEntry] = field(default_factory=list)
    notifications: list[PlannedNotification] = field(default_factory=list)
    matched: dict[object, Sequence[Target | NoTarget]] = field(default_factory=dict)
    timers: dict[str, Timer] = field(default_factory=dict)
    """By subject."""
    tried: dict[UUID, datetime] = field(default_factory=dict)

    def decide(self, fold: Fold) -> None:
        alert = self._count(fold)
        if fold.kind == FLEET_SILENT.name:
            self._note_fleet(silent=True)
        told: dict[UUID, Told] = {}
        reasons: dict[UUID, set[Reason]] = {}
        for target in self._match(fold):
            if isinstance(target, NoTarget):
                self._refuse(fold, alert, target)
            else:
                reason = self._decide_target(fold, alert, target, told)
                reasons.setdefault(target.channel.id, set()).add(reason)
        if told:
            self.alerts[alert.id] = alert = alert.telling(told)
        for channel_id, seen in reasons.items():
            if all(each.effect is Effect.BLOCKED for each in seen):
                alert = passed_over(
                    alert, channel_id, fold.count, fold.at, silenced=Reason.SILENCED in seen
                )
                self.alerts[alert.id] = alert

    def fire(self, timer: Timer) -> None:
        """How a message ended, now that it is known."""
        alert = self._known(timer.alert_id)
        if alert is not None:
            self.alerts[alert.id] = after_outcome(alert, timer)

    def release(self, timers: Sequence[Timer]) -> None:
        """What a channel was not told, come due at one moment: in one message, if it may be told now. What
        still may not waits on; what never will is recorded with the reason."""
        ready = [found for timer in timers if (found := self._ready(timer))]
        if len(ready) == 1 and ready[0].alert.status is not AlertStatus.RESOLVED:
            self._tell_one(ready[0])
        elif ready:
            self._tell_digest(ready)

    def _ready(self, timer: Timer) -> Candidate | None:
        """The candidate of a rule that tells the channel now."""
        known = self._known(timer.alert_id)
        last = self._last_fold(known) if known else None
        if known is None or last is None:
            return None
        alert = heard_again(known, timer.channel_id)
        if not is_owed(alert, timer.channel_id):
            return None
        criticality = self.context.policy.for_workflow(last.workflow).criticality
        fold = replace(last, at=timer.due, criticality=criticality)
        verdicts = []
        for target in self._match(fold):
            if isinstance(target, NoTarget):
                verdicts.append(Verdict(target.reason, blocked_by=target.blocked_by))
            elif target.channel.id == timer.channel_id:
                severity = target.rule.severity or fold.severity
                candidate = Candidate(fold, alert, target.rule, target.channel, severity)
                verdict = self._judge(candidate, {})
                if verdict.reason.effect is Effect.TOLD:
                    return candidate
                self._wait(candidate, verdict)
                verdicts.append(verdict)
        if all(each.reason.effect is Effect.BLOCKED for each in verdicts) and not any(
            each.reason is Reason.SILENCED for each in verdicts
        ):
            self._settle(timer, alert, verdicts[0] if verdicts else Verdict(Reason.NO_RULE), fold)
        return None

    def _tell_one(self, candidate: Candidate) -> None:
        alert, channel = candidate.alert, candidate.channel
        planned = release(candidate, self._last_fold(alert) or candidate.fold)
        self._plan(planned)
        self.alerts[alert.id] = alert.telling({channel.id: _after(planned)})
        self._log_release(candidate, planned, planned.new_failures)

    def _tell_digest(self, ready: Sequence[Candidate]) -> None:
        planned = digest_of(ready)
        self._plan(planned)
        channel = planned.channel.id
        for candidate in ready:
            alert, told = candidate.alert, candidate.alert.told.get(channel)
            self.alerts[alert.id] = alert.telling({channel: after_digest(alert, told, planned.at)})
            self._log_release(candidate, planned, untold(alert, channel))

    def _log_release(self, candidate: Candidate, planned: PlannedNotification, count: int) -> None:
        entry = LedgerEntry(
            None, candidate.alert.id, planned.at, count, Verdict(planned.reason), candidate.severity,
            rule=candidate.rule.name, channel=candidate.channel, notification_id=planned.id,
        )  # fmt: skip
        self.entries.append(entry)

    def _settle(self, timer: Timer, alert: Alert, verdict: Verdict, fold: Fold) -> None:
        """What was counted will not be told, and why."""
        count = untold(alert, timer.channel_id)
        entry = LedgerEntry(None, alert.id, timer.due, count, verdict, fold.severity)
        self.entries.append(entry)
        self.alerts[alert.id] = passed_over(alert, timer.channel_id, count, timer.due)

    def _plan(self, planned: PlannedNotification) -> None:
        """One message more; a channel that refuses has been tried with it."""
        self.notifications.append(planned)
        if planned.channel.limits:
            self._note_send(planned)
        channel, refusing = planned.channel.id, self.context.state.refusing
        if channel in refusing:
            self.tried[channel] = planned.at
            state = replace(self.context.state, refusing={**refusing, channel: planned.at})
            self.context = replace(self.context, state=state)

    def _note_send(self, planned: PlannedNotification) -> None:
        sends, channel = self.context.state.sends, planned.channel.id
        sent = {**sends, channel: (*sends.get(channel, ()), planned.at)}
        self.context = replace(self.context, state=replace(self.context.state, sends=sent))

    def _wait(self, candidate: Candidate, verdict: Verdict) -> None:
        """Sets the timer at whose moment what was counted is told."""
        if verdict.reason not in _RELEASED_LATER:
            return
        due = verdict.eligible_at or candidate.fold.at + LOOK_AGAIN
        timer = untold_timer(candidate.alert.id, candidate.channel.id, due)
        known = self.timers.get(timer.subject)
        if known is None or due < known.due:
            self.timers[timer.subject] = timer

    def _last_fold(self, alert: Alert) -> Fold | None:
        return self.last_folds.get(alert.id) or self.context.state.last_folds.get(alert.id)

    def add_evidence(self, fold: Fold) -> None:
        """What follows the verdict about its runs: recorded on that alert, counted in none, told to
        nobody."""
        alert_id = fold.decided_by or self.alert_of[fold.follows or fold.id]
        known_before = fold.decided_by == NIL
        reason = Reason.KNOWN_BEFORE if known_before else Reason.SAME_RUN
        self.alert_of[fold.id] = alert_id
        self.entries.append(
            LedgerEntry(fold.id, alert_id, fold.at, fold.count, Verdict(reason), fold.severity)
        )

    def recover(self, recovery: Recovery) -> None:
        known = self._known(recovery.alert_id)
        if known is None or known.status is AlertStatus.RESOLVED:
            return
        alert = withdraw(known, recovery)
        fold = self._last_fold(alert)
        if alert.status is AlertStatus.RESOLVED and fold is not None:
            for entry, planned in farewells(alert, fold, recovery, self.context.policy):
                self.entries.append(entry)
                if planned:
                    self.notifications.append(planned)
            alert = after_farewell(alert)
        self.alerts[alert.id] = alert
        if alert.kind == FLEET_SILENT.name and alert.status is AlertStatus.RESOLVED:
            self._note_fleet(silent=False)

    def _note_fleet(self, *, silent: bool) -> None:
        """What this batch says of all workers holds for its later folds."""
        state = replace(self.context.state, fleet_silent=silent)
        self.context = replace(self.context, state=state)

    def decisions(self) -> Decisions:
        return Decisions(
            entries=self.entries,
            alerts=list(self.alerts.values()),
            alert_of=self.alert_of,
            opened_by=self.opened_by,
            notifications=self.notifications,
            timers=list(self.timers.values()),
            tried=self.tried,
        )

    def _known(self, alert_id: UUID) -> Alert | None:
        changed = self.alerts.get(alert_id)
        before = self.context.state.alerts.values()
        return changed or next((alert for alert in before if alert.id == alert_id), None)

    def _count(self, fold: Fold) -> Alert:
        """The fold's alert with the fold counted in, opened (again) if there is none open."""
        known = self._of(fold)
        if known is None or self._is_over(known, fold):
            alert = _open(fold)
            self.opened_by[alert.id] = fold
        else:
            alert = _add(known, fold)
        self.alerts[alert.id] = alert
        self.current[fold.fingerprint] = alert.id
        self.last_folds[alert.id] = fold
        self.alert_of[fold.id] = alert.id
        return alert

    def _of(self, fold: Fold) -> Alert | None:
        """The alert of the fold's trouble: an open one under whatever fingerprint it was opened with,
        else what is known under today's."""
        today = self._current(fold.fingerprint)
        if today is None or today.status is AlertStatus.RESOLVED:
            for older in fold.older:
                known = self._current(older)
                if known is not None and known.status is not AlertStatus.RESOLVED:
                    return known
        return today

    def _current(self, fingerprint: str) -> Alert | None:
        alert_id = self.current.get(fingerprint)
        if alert_id is not None:
            return self.alerts[alert_id]
        known = self.context.state.alerts.get(fingerprint)
        return self.alerts.get(known.id, known) if known else None

    def _is_over(self, alert: Alert, fold: Fold) -> bool:
        """Whether a failure opens a new alert. One that comes back within the cooldown is the same
        trouble: its alert reopens, and the cooldown goes on counting."""
        if alert.status is not AlertStatus.RESOLVED or alert.resolved_at is None:
            return alert.status is AlertStatus.RESOLVED
        settings = self.context.policy.for_workflow(fold.workflow)
        return fold.at >= alert.resolved_at + settings.cooldown

    def _match(self, fold: Fold) -> Sequence[Target | NoTarget]:
        """As ``match``; asked once per batch for folds that look alike to every rule."""
        key: object = fold.id
        if self.plain:
            key = (fold.kind, fold.severity, fold.workflow, fold.node_id)
        found = self.matched.get(key)
        if found is None:
            found = self.matched[key] = match(fold, self.context.policy)
        return found

    def _decide_target(
        self, fold: Fold, alert: Alert, target: Target, told: dict[UUID, Told]
    ) -> Reason:
        rule, channel = target.rule, target.channel
        candidate = Candidate(fold, alert, rule, channel, rule.severity or fold.severity)
        verdict = self._judge(candidate, told)
        planned = None
        if verdict.reason.effect is Effect.TOLD:
            planned = notify(candidate)
            self._plan(planned)
            told[channel.id] = _after(planned)
        else:
            self._wait(candidate, verdict)
        self._log(candidate.fold, alert, verdict, candidate, planned)
        return verdict.reason

    def _judge(self, candidate: Candidate, told: dict[UUID, Told]) -> Verdict:
        if candidate.channel.id in told:
            return Verdict(Reason.ALREADY_TOLD)
        for stage in SUPPRESSING:
            if verdict := stage(candidate, self.context):
                return verdict
        return Verdict(reason_to_tell(candidate))

    def _refuse(self, fold: Fold, alert: Alert, none: NoTarget) -> None:
        verdict = Verdict(none.reason, blocked_by=none.blocked_by)
        rule = none.rule.name if none.rule else None
        self.entries.append(
            LedgerEntry(fold.id, alert.id, fold.at, fold.count, verdict, fold.severity, rule=rule)
        )

    def _log(
        self,
        fold: Fold,
        alert: Alert,
        verdict: Verdict,
        candidate: Candidate,
        planned: PlannedNotification | None,
    ) -> None:
        channel: Channel = candidate.channel
        self.entries.append(
            LedgerEntry(
                fold.id,
                alert.id,
                fold.at,
                fold.count,
                verdict,
                candidate.severity,
                rule=candidate.rule.name,
                channel=channel,
                notification_id=planned.id if planned else None,
            )
        )


def _open(fold: Fold) -> Alert:
    return Alert(
        id=derive_id(fold.id, "alert"),
        project_id=fold.project_id,
        fingerprint=fold.fingerprint,
        status=AlertStatus.FIRING,
        severity=fold.severity,
        opened_at=fold.first_at,
        last_failure_at=fold.last_at,
        count=fold.count,
        kind=fold.kind,
    )


def _add(alert: Alert, fold: Fold) -> Alert:
    reopened = alert.status is AlertStatus.RESOLVED
    return replace(
        alert,
        status=AlertStatus.FIRING if reopened else alert.status,
        resolved_at=None if reopened else alert.resolved_at,
        count=alert.count + fold.count,
        last_failure_at=max(alert.last_failure_at, fold.last_at),
        severity=max(alert.severity, fold.severity, key=lambda each: each.rank),
    )


def _after(planned: PlannedNotification) -> Told:
    alert, before = planned.alert, planned.alert.told.get(planned.channel.id)
    return Told(
        at=planned.at,
        count=alert.count,
        messages=before.messages + 1 if before else 1,
    )
