"""Decisions in the making: what one batch has come to so far."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from uuid import UUID

from meshhook_alerts.domain.alert import Alert, AlertStatus, Told
from meshhook_alerts.domain.decision import (
    Candidate,
    Context,
    Decisions,
    LedgerEntry,
    PlannedNotification,
    Verdict,
)
from meshhook_alerts.domain.failure import Fold
from meshhook_alerts.domain.identifiers import derive_id
from meshhook_alerts.domain.kinds import LARGER
from meshhook_alerts.domain.life import NO_LIFE, ActResult, Life
from meshhook_alerts.domain.policy import AlertRule, Channel
from meshhook_alerts.domain.reasons import Reason
from meshhook_alerts.domain.stages import SUPPRESSING
from meshhook_alerts.domain.stages.match import Asked, NoTarget, Target, asked_for
from meshhook_alerts.domain.stages.notify import reason_to_tell
from meshhook_alerts.domain.storm import Pace
from meshhook_alerts.domain.timers import (
    LOOK_AGAIN,
    Timer,
    storm_timer,
    untold_timer,
)
from meshhook_alerts.domain.volume import Volume

_RELEASED_LATER = frozenset(
    {
        Reason.COOLDOWN,
        Reason.UNDER_WAY,
        Reason.CHANNEL_REFUSES,
        Reason.QUIET_PERIOD,
        Reason.CHANNEL_CAP,
        Reason.STORM,
        Reason.SILENCED,
        Reason.FLAPPING,
    }
)
"""What a failure was counted for, to be told when it is over."""


ESCALATION = AlertRule("escalation", stands_in=True)
"""Stands in for the rule at a channel that no rule, but an escalation has brought in."""


@dataclass(slots=True)
class Draft:
    """Decisions in the making."""

    context: Context
    counting: bool = False
    """Whether a rule waits for so many failures in a span."""
    alerts: dict[UUID, Alert] = field(default_factory=dict)
    before: dict[UUID, Alert] = field(default_factory=dict)
    """Those of before the batch, by id, once one is asked for."""
    current: dict[str, UUID] = field(default_factory=dict)
    """Fingerprint → the alert that a failure of today would be counted in."""
    last_folds: dict[UUID, Fold] = field(default_factory=dict)
    alert_of: dict[UUID, UUID] = field(default_factory=dict)
    opened_by: dict[UUID, Fold] = field(default_factory=dict)
    entries: list[LedgerEntry] = field(default_factory=list)
    notifications: list[PlannedNotification] = field(default_factory=list)
    matched: dict[object, tuple[Asked, Sequence[Target | NoTarget] | None]] = field(
        default_factory=dict
    )
    timers: dict[str, Timer] = field(default_factory=dict)
    """By subject."""
    new: list[Timer] = field(default_factory=list)
    tried: dict[UUID, datetime] = field(default_factory=dict)
    pace: Pace | None = None
    """Where it has changed."""
    acts: list[ActResult] = field(default_factory=list)
    planned: set[tuple[UUID, UUID]] = field(default_factory=set)
    """Alerts and channels that a message of this batch is about."""

    def plan(self, planned: PlannedNotification) -> None:
        """One message more; a channel that refuses has been tried with it."""
        self.notifications.append(planned)
        about = [each.alert.id for each in planned.covers] or [planned.alert.id]
        self.planned |= {(id_, planned.channel.id) for id_ in about}
        self._note_pace(planned)
        if planned.channel.limits:
            self._note_send(planned)
        channel, refusing = planned.channel.id, self.context.state.refusing
        if channel in refusing:
            self.tried[channel] = planned.at
            state = replace(self.context.state, refusing={**refusing, channel: planned.at})
            self.context = replace(self.context, state=state)

    def has_planned(self, alert_id: UUID, channel_id: UUID) -> bool:
        """Whether this batch has a message about the alert for the channel."""
        return (alert_id, channel_id) in self.planned

    def _note_pace(self, planned: PlannedNotification) -> None:
        """One message more of the project; it may be the one that begins a storm."""
        pace, at, settings = self.context.state.pace, planned.at, self.context.policy.project
        if not settings.storm_summaries:
            return
        on = pace.storm or pace.is_full(at, settings.storm_limit)
        if on and planned.reason is Reason.FIRST_FAILURE:
            pace = replace(pace, storm=pace.in_storm(at).letting(planned.alert.id, at))
        self.keep_pace(pace.sending(at, settings.storm_limit))

    def keep_pace(self, pace: Pace) -> None:
        """How fast the project's messages come by now; with a storm that begins, the timer of its end."""
        began = pace.storm is not None and self.context.state.pace.storm is None
        self.context = replace(self.context, state=replace(self.context.state, pace=pace))
        self.pace = pace
        if began and pace.storm:
            self.set_timer(storm_timer(pace.storm.over_at))

    def set_timer(self, timer: Timer) -> None:
        """Kept, unless one of its subject comes due earlier."""
        known = self.timers.get(timer.subject)
        if known is None or timer.due < known.due:
            self.timers[timer.subject] = timer
            self.new.append(timer)

    def _note_send(self, planned: PlannedNotification) -> None:
        sends, channel = self.context.state.sends, planned.channel.id
        sent = {**sends, channel: (*sends.get(channel, ()), planned.at)}
        self.context = replace(self.context, state=replace(self.context.state, sends=sent))

    def wait(self, candidate: Candidate, verdict: Verdict) -> None:
        """Sets the timer at whose moment what was counted is told."""
        if verdict.reason not in _RELEASED_LATER:
            return
        due = verdict.eligible_at or max(candidate.fold.at, self.context.now) + LOOK_AGAIN
        self.set_timer(untold_timer(candidate.alert.id, candidate.channel.id, due))

    def set_on_the_way(self) -> list[Timer]:
        """Timers set since this was last asked that come due by now: those of a batch that is decided
        late, whose moments lie between those of its failures."""
        new, self.new = self.new, []
        return [timer for timer in new if timer.due <= self.context.now]

    def has_fired(self, timer: Timer) -> None:
        """It need not be kept any more, unless it is set again."""
        known = self.timers.get(timer.subject)
        if known is not None and known.due <= timer.due:
            del self.timers[timer.subject]

    def last_fold(self, alert: Alert) -> Fold | None:
        return self.last_folds.get(alert.id) or self.context.state.last_folds.get(alert.id)

    def note_larger(self, kind: str, *, is_open: bool) -> None:
        """What this batch says of a trouble that explains others holds for its later folds."""
        if kind in LARGER:
            known = self.context.state.larger
            larger = known | {kind} if is_open else known - {kind}
            self.context = replace(self.context, state=replace(self.context.state, larger=larger))

    def decisions(self) -> Decisions:
        return Decisions(
            entries=self.entries,
            alerts=list(self.alerts.values()),
            alert_of=self.alert_of,
            opened_by=self.opened_by,
            notifications=self.notifications,
            timers=list(self.timers.values()),
            tried=self.tried,
            pace=self.pace,
            acts=self.acts,
        )

    def known(self, alert_id: UUID) -> Alert | None:
        changed = self.alerts.get(alert_id)
        if changed is None and not self.before:
            state = self.context.state
            self.before = {alert.id: alert for alert in state.alerts.values()} | {**state.followed}
        return changed or self.before.get(alert_id)

    def count(self, fold: Fold) -> Alert:
        """The fold's alert with the fold counted in, opened (again) if there is none open."""
        known, settings = self._of(fold), self.context.policy.for_workflow(fold.workflow)
        if known is None or self._is_over(known, fold):
            late = (
                bool(settings.close_after)
                and fold.last_at + settings.close_after <= self.context.now
            )
            # What is found only when it would have been closed again is open from now on.
            alert = _open(fold, Life(since=self.context.now) if late else NO_LIFE)
            self.opened_by[alert.id] = fold
        else:
            alert = _add(known, fold, flapping=settings.flapping)
        if self.counting:
            self._note_recent(alert, fold)
        self.alerts[alert.id] = alert
        self.current[fold.fingerprint] = alert.id
        self.last_folds[alert.id] = fold
        self.alert_of[fold.id] = alert.id
        return alert

    def _note_recent(self, alert: Alert, fold: Fold) -> None:
        known = self.context.state.recent
        recent = {**known, alert.id: (*known.get(alert.id, ()), (fold.at, fold.count))}
        self.context = replace(self.context, state=replace(self.context.state, recent=recent))

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

    def open_again(self, alert: Alert) -> bool:
        """Has the alert count the failures of its trouble once more; False if another is open that does."""
        current = self._current(alert.fingerprint)
        if current and current.id != alert.id and current.status is not AlertStatus.RESOLVED:
            return False
        self.alerts[alert.id] = alert
        self.current[alert.fingerprint] = alert.id
        return True

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
        if alert.life.settles_at(fold.at):
            return False
        settings = self.context.policy.for_workflow(fold.workflow)
        return fold.at >= alert.resolved_at + settings.cooldown

    def match(self, fold: Fold) -> Sequence[Target | NoTarget]:
        """As ``match``; asked once per batch for folds that look alike to the rules."""
        key = (fold.kind, fold.severity, fold.workflow, fold.node_id)
        found = self.matched.get(key)
        if found is None:
            asked = asked_for(fold, self.context.policy)
            targets = asked.targets(fold, self.context.policy) if asked.certain else None
            found = self.matched[key] = asked, targets
        asked, targets = found
        return asked.targets(fold, self.context.policy) if targets is None else targets

    def targets(self, fold: Fold, alert: Alert) -> Sequence[Target | NoTarget]:
        """As `match`, and those that were brought in because nobody had acknowledged the alert."""
        matched = self.match(fold)
        if not alert.life.escalated:
            return matched
        named = {each.channel.id for each in matched if isinstance(each, Target)}
        extra = [
            Target(ESCALATION, channel)
            for channel in self.context.policy.channels.values()
            if channel.id in alert.life.escalated and channel.id not in named and channel.enabled
        ]
        return [*matched, *extra]

    def judge(self, candidate: Candidate, told: dict[UUID, Told]) -> Verdict:
        if candidate.channel.id in told:
            return Verdict(Reason.ALREADY_TOLD)
        for stage in SUPPRESSING:
            if verdict := stage(candidate, self.context):
                return verdict
        return Verdict(reason_to_tell(candidate), blocked_by=candidate.rule.broken)

    def log(
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


def _open(fold: Fold, life: Life) -> Alert:
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
        volume=_first(fold),
        life=life,
    )


def _first(fold: Fold) -> Volume:
    return Volume.of(fold.at, fold.count)


def _add(alert: Alert, fold: Fold, *, flapping: bool) -> Alert:
    reopened = alert.status is AlertStatus.RESOLVED
    life = alert.life
    if reopened:
        life = life.reopened(fold.at) if flapping else NO_LIFE
    return replace(
        alert,
        status=AlertStatus.FIRING if reopened else alert.status,
        resolved_at=None if reopened else alert.resolved_at,
        count=alert.count + fold.count,
        count_before=alert.count if reopened else alert.count_before,
        volume=_first(fold)
        if reopened or not alert.volume
        else alert.volume.adding(fold.at, fold.count),
        last_failure_at=max(alert.last_failure_at, fold.last_at),
        severity=max(alert.severity, fold.severity, key=lambda each: each.rank),
        life=life,
    )
