"""Whoever was told of a trouble is told of its end, once, whatever holds messages back meanwhile."""

from __future__ import annotations

import itertools
from collections import defaultdict
from datetime import time, timedelta
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from meshhook_alerts.domain.alert import AlertStatus
from meshhook_alerts.domain.decision import PlannedNotification
from meshhook_alerts.domain.policy import Channel, Limit
from meshhook_alerts.domain.quiet_period import QuietMode, QuietPeriod
from meshhook_alerts.domain.reasons import Reason
from tests.unit.builders import HOOK, MAIL, a_policy, after
from tests.unit.walking import Walk

NIGHT = QuietPeriod("night", time(12), time(16))
BOARD = Channel(HOOK.id, "board", "webhook", limits=(Limit(2, timedelta(hours=1)),))


def mentions(sent: list[PlannedNotification]) -> dict[tuple[UUID, UUID], list[bool]]:
    """For each alert and channel, whether each message about it said that it goes on."""
    found: dict[tuple[UUID, UUID], list[bool]] = defaultdict(list)
    for planned in sent:
        if planned.reason is Reason.STORM_OVER:
            continue  # sums up what was told before
        covered = planned.covers or ()
        for each in covered:
            found[each.alert.id, planned.channel.id].append(each.is_open)
        if not covered:
            found[planned.alert.id, planned.channel.id].append(
                planned.reason is not Reason.RECOVERED
            )
    return found


def test_an_end_in_a_quiet_period_is_in_the_message_at_its_end() -> None:
    line = Walk(a_policy(channels=(MAIL,), quiet_periods=(NIGHT,)))
    first = line.fail(after(hours=1), "charge")
    line.decide(after(hours=3), ends=(first,))
    line.fail(after(hours=4), "ship")
    assert len(line.sent) == 1
    line.settle()
    (digest,) = line.sent[1:]
    assert digest.at == after(hours=6)
    assert [(each.fold.node_id, each.is_open) for each in digest.covers] == [
        ("ship", True), ("charge", False)]  # fmt: skip


def test_alone_it_is_the_closing_message_itself() -> None:
    quiet = QuietPeriod("night", time(12), time(16), mode=QuietMode.RECORD_ONLY)
    line = Walk(a_policy(channels=(MAIL,), quiet_periods=(quiet,)))
    first = line.fail(after(hours=1), "charge")
    line.decide(after(hours=3), ends=(first,))
    line.settle()
    assert [(each.reason, each.at) for each in line.sent[1:]] == [
        (Reason.RECOVERED, after(hours=6))
    ]
    assert line.reasons[-2:] == [Reason.QUIET_PERIOD, Reason.RECOVERED]


def test_what_fails_again_before_its_end_was_told_has_not_ended_for_the_channel() -> None:
    line = Walk(a_policy(channels=(MAIL,), quiet_periods=(NIGHT,)))
    first = line.fail(after(hours=1, minutes=50), "charge")
    line.decide(after(hours=2, minutes=5), ends=(first,))
    again = line.fail(after(hours=2, minutes=10), "charge")
    assert again == first
    line.settle()
    (message,) = line.sent[1:]
    assert (message.reason, message.new_failures) == (Reason.RELEASED, 1)


def test_a_thousand_ends_at_once_are_no_thousand_messages() -> None:
    line = Walk(a_policy(channels=(MAIL,), storm_limit=1000))
    opened = [line.fail(after(seconds=n), f"n{n}") for n in range(300)]
    line.policy = a_policy(channels=(MAIL,))
    line.decide(after(hours=2), ends=tuple(opened))
    line.settle()
    closing = line.sent[300:]
    assert len(closing) == 20 + 2  # one by one, a summary, and the storm's own end
    assert all(said == [True, False] for said in mentions(line.sent).values())


EVENTS = st.lists(
    st.tuples(st.integers(1, 40), st.sampled_from(["charge", "ship", "mail"]), st.booleans()),
    min_size=1, max_size=40,
)  # fmt: skip


@given(EVENTS)
def test_whoever_was_told_is_told_of_the_end_once_and_last(
    events: list[tuple[int, str, bool]],
) -> None:
    policy = a_policy(channels=(MAIL, BOARD), quiet_periods=(NIGHT,), storm_limit=5,
                      cooldown=timedelta(minutes=20))  # fmt: skip
    line = Walk(policy)
    minute, current = 0, dict[str, UUID]()
    for wait, node, fails in events:
        minute += wait
        if fails:
            current[node] = line.fail(after(minutes=minute), node)
        elif node in current:
            line.decide(after(minutes=minute), ends=(current.pop(node),))
    line.decide(after(minutes=minute + 60), ends=tuple(current.values()))
    line.settle()
    assert not [each for each in line.sent if NIGHT.end_of(each.at)]
    assert all(alert.status is AlertStatus.RESOLVED for alert in line.alerts.values())
    for said in mentions(line.sent).values():
        assert said[-1] is False
        assert not any(a is False and b is False for a, b in itertools.pairwise(said))
    told = {key for key, each in mentions(line.sent).items() if True in each}
    ended_only = mentions(line.sent).keys() - told
    for alert_id, channel_id in ended_only:  # told of once, as recovered meanwhile, in a digest
        assert any(
            each.alert.id == alert_id
            for planned in line.sent if planned.channel.id == channel_id
            for each in planned.covers
        )  # fmt: skip
