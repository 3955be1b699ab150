"""The life of an alert: taken in hand, reminded of, escalated, closed, coming and going."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from meshhook_alerts.domain.alert import AlertStatus
from meshhook_alerts.domain.life import ActKind, Outcome
from meshhook_alerts.domain.policy import AlertRule, Channel, EscalationStep
from meshhook_alerts.domain.reasons import Effect, Reason
from tests.unit.builders import HOOK, MAIL, START, a_fold, a_policy, after
from tests.unit.walking import Walk

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
REMINDERS = (HOUR, 3 * HOUR, 20 * HOUR, DAY)
ACK, SNOOZE, RESOLVE, REOPEN = ActKind


def a_walk(*, channels: tuple[Channel, ...] = (MAIL,), **settings: Any) -> Walk:
    return Walk(a_policy(channels=channels, **settings))


def told(walk: Walk) -> list[tuple[float, str]]:
    """Hours after the start, and why, of each message."""
    return [((each.at - START) / HOUR, each.reason.value) for each in walk.sent]


def test_who_does_nothing_is_reminded_less_and_less_often() -> None:
    walk = a_walk(reminders=REMINDERS)
    walk.fail(START, "charge")
    walk.settle(after(hours=80))
    assert told(walk) == [
        (0, "first_failure"), (1, "reminder"), (4, "reminder"), (24, "reminder"), (48, "reminder"),
        (72, "reminder"),
    ]  # fmt: skip
    assert all(each.new_failures == 0 for each in walk.sent[1:])


def test_news_puts_the_reminder_off_and_starts_anew() -> None:
    walk = a_walk(reminders=REMINDERS)
    walk.fail(START, "charge")
    walk.settle(after(hours=3))
    walk.fail(after(hours=3), "charge")
    walk.settle(after(hours=7))
    assert told(walk) == [
        (0, "first_failure"), (1, "reminder"), (3, "still_failing"), (4, "reminder"), (7, "reminder"),
    ]  # fmt: skip


def test_acknowledged_it_is_quiet_until_that_expires() -> None:
    walk = a_walk(reminders=REMINDERS)
    alert_id = walk.fail(START, "charge")
    assert walk.act(ACK, alert_id, after(minutes=10)) is Outcome.DONE
    for hours in (1, 2, 3):
        walk.fail(after(hours=hours), "charge")
    walk.settle(after(hours=5))
    assert told(walk) == [(0, "first_failure"), (4 + 10 / 60, "reminder")]
    assert walk.sent[1].new_failures == 3
    assert walk.counted[Reason.ACKNOWLEDGED] == 3
    assert walk.alerts[alert_id].status is AlertStatus.FIRING


@pytest.mark.parametrize("kind", [ACK, SNOOZE, RESOLVE])
def test_whoever_comes_second_is_told_how_it_stands(kind: ActKind) -> None:
    walk = a_walk()
    alert_id = walk.fail(START, "charge")
    until = after(hours=2)
    first = walk.act(kind, alert_id, after(minutes=1), until=until)
    second = walk.act(kind, alert_id, after(minutes=2), until=until, by="bob@example.com")
    assert (first, second) == (Outcome.DONE, Outcome.ALREADY)
    assert walk.alerts[alert_id].life.by in ("ana@example.com", None)
    assert len(walk.sent) == (2 if kind is RESOLVE else 1)


@pytest.mark.parametrize("kind", [ACK, SNOOZE])
def test_what_is_over_cannot_be_taken_in_hand(kind: ActKind) -> None:
    walk = a_walk()
    alert_id = walk.fail(START, "charge")
    walk.decide(after(minutes=5), ends=(alert_id,))
    assert walk.act(kind, alert_id, after(minutes=6), until=after(hours=1)) is Outcome.ENDED


def test_resolved_by_hand_everyone_who_was_told_hears_by_whom() -> None:
    walk = a_walk(channels=(MAIL, HOOK))
    alert_id = walk.fail(START, "charge")
    walk.act(RESOLVE, alert_id, after(minutes=3))
    assert [each.reason for each in walk.sent[2:]] == [Reason.CLOSED, Reason.CLOSED]
    assert walk.alerts[alert_id].life.closed == "closed by ana@example.com"
    walk.decide(after(minutes=4), ends=(alert_id,))
    assert len(walk.sent) == 4


def test_opened_again_it_is_as_before_and_its_end_is_told_only_to_whoever_heard_since() -> None:
    walk = a_walk()
    alert_id = walk.fail(START, "charge")
    walk.act(RESOLVE, alert_id, after(minutes=3))
    assert walk.act(REOPEN, alert_id, after(minutes=4)) is Outcome.DONE
    assert walk.act(REOPEN, alert_id, after(minutes=5)) is Outcome.ALREADY
    assert walk.fail(after(minutes=6), "charge") == alert_id
    assert [each.reason.value for each in walk.sent] == ["first_failure", "closed", "came_back"]


def test_an_alert_that_another_has_followed_stays_closed() -> None:
    walk = a_walk()
    first = walk.fail(START, "charge")
    walk.act(RESOLVE, first, after(minutes=3))
    walk.fail(after(hours=2), "charge")
    assert walk.act(REOPEN, first, after(hours=3)) is Outcome.FOLLOWED


def test_a_snooze_ends_at_its_time() -> None:
    walk = a_walk()
    alert_id = walk.fail(START, "charge")
    walk.act(SNOOZE, alert_id, after(minutes=1), until=after(hours=2))
    walk.fail(after(hours=1), "charge")
    walk.settle()
    assert told(walk) == [(0, "first_failure"), (2, "reminder")]
    assert walk.sent[1].new_failures == 1


def test_a_snooze_ends_when_it_has_failed_so_often() -> None:
    walk = a_walk()
    alert_id = walk.fail(START, "charge")
    walk.act(SNOOZE, alert_id, after(minutes=1), until=after(hours=20), failures=3)
    for minute in (2, 3, 4, 5):
        walk.fail(after(minutes=minute), "charge")
    assert told(walk) == [(0, "first_failure"), (4 / 60, "snooze_over")]
    assert walk.sent[1].new_failures == 3


def test_a_snooze_ends_when_it_looks_different() -> None:
    walk = a_walk()
    alert_id = walk.fail(START, "charge")
    walk.act(SNOOZE, alert_id, after(minutes=1), until=after(hours=20), until_changed=True)
    walk.fail(after(minutes=2), "charge")
    walk.decide(after(minutes=3), a_fold(after(minutes=3), node_id="charge", workflow_version=4))
    assert told(walk) == [(0, "first_failure"), (3 / 60, "snooze_over")]


def test_an_acknowledged_alert_that_looks_different_speaks_up_once() -> None:
    walk = a_walk()
    alert_id = walk.fail(START, "charge")
    walk.act(ACK, alert_id, after(minutes=1))
    for minute in (3, 4):
        fold = a_fold(after(minutes=minute), node_id="charge", workflow_version=4)
        walk.decide(fold.at, fold)
    assert told(walk) == [(0, "first_failure"), (3 / 60, "changed")]
    assert walk.alerts[alert_id].status is AlertStatus.ACKNOWLEDGED


def test_an_acknowledged_alert_that_becomes_much_worse_speaks_up() -> None:
    walk = a_walk()
    alert_id = walk.fail(START, "charge")
    walk.act(ACK, alert_id, after(minutes=1))
    worse = a_fold(after(minutes=9), 100, node_id="charge")
    walk.decide(worse.at, worse)
    assert told(walk)[1:] == [(9 / 60, "volume")]


STEPS = (
    EscalationStep(timedelta(minutes=15), ("hook",)),
    EscalationStep(timedelta(minutes=45), ("boss",)),
)
BOSS = Channel(replace(HOOK).id.__class__(int=102), "boss", "email")


def escalating() -> Walk:
    rule = AlertRule("mail", channels=("mail",))
    return Walk(a_policy(rule, channels=(MAIL, HOOK, BOSS), escalation=STEPS))


def test_if_nobody_acknowledges_others_are_told_step_by_step() -> None:
    walk = escalating()
    alert_id = walk.fail(START, "charge")
    walk.settle(after(minutes=20))
    walk.fail(after(minutes=21), "charge")
    walk.settle(after(hours=2))
    assert [(each.channel.name, each.reason.value) for each in walk.sent[:3]] == [
        ("mail", "first_failure"), ("hook", "escalated"), ("mail", "released"),
    ]  # fmt: skip
    assert {each.channel.name for each in walk.sent} == {"mail", "hook", "boss"}
    before = len(walk.sent)
    walk.decide(after(hours=3), ends=(alert_id,))
    assert {each.channel.name for each in walk.sent[before:]} == {"mail", "hook", "boss"}


def test_a_channel_that_is_off_is_not_brought_in() -> None:
    walk = escalating()
    policy = replace(
        walk.policy, channels={**walk.policy.channels, "hook": replace(HOOK, enabled=False)}
    )
    walk.policy = policy
    walk.fail(START, "charge")
    walk.settle(after(minutes=20))
    assert [each.channel.name for each in walk.sent] == ["mail"]
    assert Reason.NO_RULE not in walk.reasons


def test_acknowledged_in_time_nobody_else_is_told_until_that_expires() -> None:
    walk = escalating()
    alert_id = walk.fail(START, "charge")
    walk.act(ACK, alert_id, after(minutes=5))
    walk.settle(after(hours=4))
    assert [each.channel.name for each in walk.sent] == ["mail"]
    walk.settle(after(hours=6))
    assert {each.channel.name for each in walk.sent} == {"mail", "hook", "boss"}


def test_what_is_quiet_for_long_is_closed_and_said_to_be() -> None:
    walk = a_walk(close_after=2 * DAY)
    alert_id = walk.fail(START, "charge")
    walk.fail(after(hours=20), "charge")
    walk.settle()
    assert told(walk)[-1] == (68, "closed")
    assert walk.alerts[alert_id].life.closed == "no failure for 2 days"
    walk.fail(after(hours=100), "charge")
    assert told(walk)[-1] == (100, "first_failure")


def test_what_is_found_only_after_days_is_open_from_then_on() -> None:
    walk = a_walk(close_after=DAY, reminders=(HOUR,))
    walk.decide(after(hours=50), a_fold(START, node_id="charge"))
    walk.settle(after(hours=60))
    assert [each.reason.value for each in walk.sent] == ["first_failure"] + ["reminder"] * 10
    walk.settle()
    assert told(walk)[-1] == (74, "closed")


def test_a_condition_stays_open_however_quiet() -> None:
    walk = a_walk(close_after=DAY)
    fold = a_fold(kind="fleet_silent", workflow=None, node_id=None, error="silent")
    walk.decide(START, fold)
    walk.settle(after(hours=200))
    assert walk.alerts[walk.decide(after(hours=201), fold).alert_of[fold.id]].count == 2


def test_what_comes_and_goes_is_one_notice_and_an_end_when_it_has_settled() -> None:
    walk = a_walk()
    alert_id = walk.fail(START, "charge")
    for minute in range(0, 60, 10):
        walk.decide(after(minutes=minute + 5), ends=(alert_id,))
        if minute < 50:
            walk.fail(after(minutes=minute + 10), "charge")
    walk.settle()
    assert [each.reason.value for each in walk.sent] == [
        "first_failure", "recovered", "came_back", "recovered", "flaps", "recovered",
    ]  # fmt: skip
    assert walk.sent[-1].at == after(minutes=55 + 30)
    assert walk.counted[Reason.FLAPPING] == 3


def test_flapping_can_be_switched_off() -> None:
    walk = a_walk(flapping=False)
    alert_id = walk.fail(START, "charge")
    for minute in range(0, 60, 10):
        walk.decide(after(minutes=minute + 5), ends=(alert_id,))
        walk.fail(after(minutes=minute + 10), "charge")
    assert len(walk.sent) == 13


def test_the_default_channel_hears_what_no_rule_brought_to_one() -> None:
    walk = Walk(
        a_policy(
            AlertRule("mail", channels=("mail",), enabled=False),
            channels=(MAIL, HOOK),
            default_channel="hook",
        )
    )
    walk.fail(START, "charge")
    assert [each.channel.name for each in walk.sent] == ["hook"]
    assert walk.reasons == [Reason.NO_RULE, Reason.FIRST_FAILURE]


def test_an_end_does_not_overtake_the_message_before_it() -> None:
    walk = a_walk()
    fold = a_fold(START, node_id="charge")
    made = walk.decide(START, fold)
    alert = walk.alerts[made.alert_of[fold.id]]
    walk.alerts[alert.id] = replace(alert, under_way=frozenset({MAIL.id}))
    walk.decide(after(minutes=1), ends=(alert.id,))
    assert len(walk.sent) == 1
    walk.alerts[alert.id] = replace(walk.alerts[alert.id], under_way=frozenset())
    walk.settle()
    assert [each.reason for each in walk.sent] == [Reason.FIRST_FAILURE, Reason.RECOVERED]


def test_every_effect_has_a_reason_of_the_closed_list() -> None:
    assert all(reason.effect in Effect and reason.sentence for reason in Reason)


@pytest.mark.parametrize("kind", [ACK, SNOOZE])
def test_given_back_it_is_reminded_of_as_after_a_message(kind: ActKind) -> None:
    walk = a_walk(reminders=REMINDERS)
    alert_id = walk.fail(START, "charge")
    walk.act(kind, alert_id, after(minutes=10), until=after(hours=9))
    assert walk.act(REOPEN, alert_id, after(minutes=11)) is Outcome.DONE
    assert walk.alerts[alert_id].status is AlertStatus.FIRING
    assert walk.alerts[alert_id].life.by is None
    assert walk.act(REOPEN, alert_id, after(minutes=12)) is Outcome.ALREADY
    walk.settle(after(hours=5))
    assert told(walk) == [
        (0, "first_failure"), (1 + 11 / 60, "reminder"), (4 + 11 / 60, "reminder"),
    ]  # fmt: skip


def test_given_back_what_came_meanwhile_is_told_at_once() -> None:
    walk = a_walk(reminders=())
    alert_id = walk.fail(START, "charge")
    walk.act(ACK, alert_id, after(minutes=10))
    walk.fail(after(hours=2), "charge")
    walk.act(REOPEN, alert_id, after(hours=3))
    walk.settle(after(hours=30))
    assert [hours for hours, _ in told(walk)] == [0, 3]
    assert walk.sent[1].new_failures == 1


def test_given_back_within_the_cooldown_it_waits_for_its_end() -> None:
    walk = a_walk(reminders=(), cooldown=HOUR)
    alert_id = walk.fail(START, "charge")
    walk.fail(after(minutes=5), "charge")
    walk.act(ACK, alert_id, after(minutes=10))
    walk.act(REOPEN, alert_id, after(minutes=11))
    walk.settle(after(hours=30))
    assert [hours for hours, _ in told(walk)] == [0, 1]


def test_given_back_it_escalates_anew() -> None:
    walk = a_walk(
        channels=(MAIL, HOOK), reminders=(), rules=(AlertRule("all", channels=("mail",)),),
        escalation=(EscalationStep(2 * HOUR, ("hook",)),),
    )  # fmt: skip
    alert_id = walk.fail(START, "charge")
    walk.act(ACK, alert_id, after(minutes=10))
    walk.act(REOPEN, alert_id, after(hours=1))
    walk.settle(after(hours=5))
    assert [(hours, each.channel.name) for (hours, _), each in zip(told(walk), walk.sent, strict=True)] == [
        (0, "mail"), (3, "hook"),
    ]  # fmt: skip
