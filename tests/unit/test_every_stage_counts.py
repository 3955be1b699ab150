"""Each stage keeps something back that would go out without it: one taken out of the list is missed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import time, timedelta
from uuid import UUID

import pytest

from meshhook_alerts.domain import draft
from meshhook_alerts.domain.conditions import Conditions
from meshhook_alerts.domain.policy import AlertRule, Channel, Limit, Threshold
from meshhook_alerts.domain.quiet_period import QuietPeriod
from meshhook_alerts.domain.silence import Silence
from meshhook_alerts.domain.stages import SUPPRESSING
from tests.unit.builders import HOOK, START, a_fold, a_policy, after
from tests.unit.walking import Walk

STRICT = Channel(HOOK.id, "hook", "webhook", limits=(Limit(1, timedelta(hours=1)),))


def threshold() -> Walk:
    """One failure, of three that the rule waits for."""
    walk = Walk(a_policy(AlertRule("often", after=Threshold(3)), channels=(HOOK,)))
    walk.fail(START, "charge")
    return walk


def silence() -> Walk:
    """One failure under a silence."""
    policy = a_policy(channels=(HOOK,))
    silenced = Silence(UUID(int=5), Conditions(), START, after(hours=1), "deploying")
    walk = Walk(replace(policy, silences=(silenced,)))
    walk.fail(after(minutes=1), "charge")
    return walk


def inhibit() -> Walk:
    """A run that never started, while all workers are silent."""
    walk = Walk(a_policy(channels=(HOOK,)))
    silent = a_fold(kind="fleet_silent", workflow=None, node_id=None, error="silent")
    walk.decide(START, silent, a_fold(after(seconds=5), kind="never_started", node_id=None))
    walk.sent = walk.sent[1:]  # the larger trouble's own message
    return walk


def quiet_period() -> Walk:
    """One failure in a quiet period."""
    period = QuietPeriod("night", time(9), time(12))
    walk = Walk(a_policy(channels=(HOOK,), quiet_periods=(period,)))
    walk.fail(START, "charge")
    return walk


def throttle() -> Walk:
    """A second failure of one trouble, a minute after it was told."""
    walk = Walk(a_policy(channels=(HOOK,)))
    walk.fail(START, "charge")
    walk.fail(after(minutes=1), "charge")
    walk.sent = walk.sent[1:]
    return walk


def cap() -> Walk:
    """A second trouble, where one message an hour is enough."""
    walk = Walk(a_policy(channels=(STRICT,)))
    walk.fail(START, "charge")
    walk.fail(after(minutes=1), "ship")
    walk.sent = walk.sent[1:]
    return walk


def storm() -> Walk:
    """Twelve troubles at once, where five messages a minute are a storm: five and five go."""
    walk = Walk(a_policy(channels=(HOOK,), storm_limit=5))
    for number in range(12):
        walk.fail(START, f"n{number}")
    walk.sent = walk.sent[10:]
    return walk


STORIES: dict[str, Callable[[], Walk]] = {
    each.__name__: each
    for each in (threshold, silence, inhibit, quiet_period, throttle, cap, storm)
}


def test_there_is_a_story_for_each_stage() -> None:
    assert [stage.__name__ for stage in SUPPRESSING] == list(STORIES)


@pytest.mark.parametrize("name", STORIES)
def test_nothing_goes_out_with_it_and_something_without(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert STORIES[name]().sent == []
    left = tuple(stage for stage in SUPPRESSING if stage.__name__ != name)
    monkeypatch.setattr(draft, "SUPPRESSING", left)
    assert STORIES[name]().sent != []
