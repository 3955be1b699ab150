"""Each stage is needed: with it a failure is held or folded, without it the channel is told."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import time, timedelta
from pathlib import Path
from uuid import uuid4

import pytest

from meshhook_alerts.adapters.postgres.queries import query
from meshhook_alerts.domain import draft
from meshhook_alerts.domain.alert import Alert, AlertStatus
from meshhook_alerts.domain.conditions import Conditions
from meshhook_alerts.domain.decision import State
from meshhook_alerts.domain.engine import decide
from meshhook_alerts.domain.failure import Fold
from meshhook_alerts.domain.kinds import LARGER
from meshhook_alerts.domain.life import Life, face_of
from meshhook_alerts.domain.policy import AlertRule, Channel, Limit, ProjectPolicy, Threshold
from meshhook_alerts.domain.quiet_period import QuietPeriod
from meshhook_alerts.domain.reasons import Reason
from meshhook_alerts.domain.silence import Silence
from meshhook_alerts.domain.stages import SUPPRESSING
from meshhook_alerts.domain.storm import Pace
from tests.unit.builders import HOOK, MAIL, START, a_fold, a_policy, after

Story = tuple[ProjectPolicy, State, Fold]


def _known() -> Alert:
    (alert,) = decide([a_fold()], a_policy(channels=(MAIL,)), State(), START).alerts
    return alert


def _threshold() -> Story:
    rule = AlertRule("r", after=Threshold(2))
    return a_policy(rule, channels=(MAIL,)), State(), a_fold()


def _silence() -> Story:
    made = a_policy(channels=(MAIL,))
    on = Silence(uuid4(), Conditions(), START, after(hours=1), "why")
    policy = ProjectPolicy(
        made.project_id, 1, "Shop", made.project, {}, made.channels, silences=(on,)
    )
    return policy, State(), a_fold()


def _inhibit() -> Story:
    policy = a_policy(AlertRule("r"), channels=(MAIL,))
    return policy, State(larger=frozenset({"fleet_silent"})), a_fold(kind="never_started")


def _attended() -> Story:
    alert = _known()
    life = Life(by="ana", since=START, until=after(hours=4), face=face_of(a_fold()))
    mine = replace(alert, status=AlertStatus.ACKNOWLEDGED, life=life)
    return a_policy(channels=(MAIL,)), State({alert.fingerprint: mine}), a_fold(after(hours=2))


def _flapping() -> Story:
    flips = tuple(after(minutes=each) for each in (1, 6, 11, 16))
    alert = replace(_known(), life=Life(flips=flips, flapping=True))
    alert = alert.telling({MAIL.id: replace(alert.told[MAIL.id], flaps=True)})
    return a_policy(channels=(MAIL,)), State({alert.fingerprint: alert}), a_fold(after(minutes=40))


def _quiet_period() -> Story:
    night = QuietPeriod("night", time(9), time(11))
    return a_policy(channels=(MAIL,), quiet_periods=(night,)), State(), a_fold()


def _throttle() -> Story:
    alert = _known()
    return a_policy(channels=(MAIL,)), State({alert.fingerprint: alert}), a_fold(after(minutes=5))


def _cap() -> Story:
    hook = Channel(HOOK.id, "hook", "webhook", limits=(Limit(1, timedelta(hours=1)),))
    return a_policy(channels=(hook,)), State(sends={hook.id: [START]}), a_fold(after(minutes=5))


def _storm() -> Story:
    alert = _known()
    came_back = alert.telling({MAIL.id: alert.told[MAIL.id]})
    policy = a_policy(channels=(MAIL,), cooldown=timedelta(0))
    state = State({alert.fingerprint: came_back}, pace=Pace((START,) * 20))
    return policy, state, a_fold(after(seconds=30))


STORIES: dict[str, tuple[Callable[[], Story], Reason]] = {
    "threshold": (_threshold, Reason.BELOW_THRESHOLD),
    "silence": (_silence, Reason.SILENCED),
    "inhibit": (_inhibit, Reason.INHIBITED),
    "attended": (_attended, Reason.ACKNOWLEDGED),
    "flapping": (_flapping, Reason.FLAPPING),
    "quiet_period": (_quiet_period, Reason.QUIET_PERIOD),
    "throttle": (_throttle, Reason.COOLDOWN),
    "cap": (_cap, Reason.CHANNEL_CAP),
    "storm": (_storm, Reason.STORM),
}


def test_every_stage_has_its_story_in_the_order_of_the_line() -> None:
    assert [stage.__name__ for stage in SUPPRESSING] == list(STORIES)


def test_larger_troubles_are_looked_up_where_they_are_named() -> None:
    listed = ", ".join(f"'{kind}'" for kind in sorted(LARGER))
    assert f"kind in ({listed})" in query("deciding/open_alerts")
    migrations = Path(__file__).parents[2] / "supabase" / "migrations"
    assert any(f"kind in ({listed})" in each.read_text() for each in migrations.glob("*.sql"))


@pytest.mark.parametrize("stage", STORIES)
def test_without_it_the_channel_would_be_told(stage: str, monkeypatch: pytest.MonkeyPatch) -> None:
    story, reason = STORIES[stage]
    policy, state, fold = story()
    made = decide([fold], policy, state, fold.at)
    assert [entry.verdict.reason for entry in made.entries] == [reason]
    assert not made.notifications
    others = tuple(each for each in SUPPRESSING if each.__name__ != stage)
    monkeypatch.setattr(draft, "SUPPRESSING", others)
    assert decide([fold], policy, state, fold.at).notifications
