"""One alert is one incident: triggered, acknowledged and resolved with it, and of a digest each for itself."""

from __future__ import annotations

from dataclasses import replace
from uuid import UUID

import pytest

from meshhook_alerts.channels.opsgenie import CHANNEL as OPSGENIE
from meshhook_alerts.channels.opsgenie.config import OpsgenieConfig
from meshhook_alerts.channels.pagerduty import CHANNEL as PAGERDUTY
from meshhook_alerts.channels.pagerduty.config import PagerDutyConfig
from meshhook_alerts.domain.delivery import Delivered, TryAgain
from meshhook_alerts.domain.life import ActKind
from meshhook_alerts.domain.reasons import Reason
from tests.contract import harness_opsgenie, harness_pagerduty
from tests.contract.content import ALERT, NOTIFICATION, about, digest, first_failure, recovered
from tests.contract.harness import Answer
from tests.unit.builders import HOOK, MAIL, START, a_policy, after
from tests.unit.walking import Walk

PAGER = replace(HOOK, name="pager", mirrors=True)


async def test_a_pagerduty_incident_lives_as_its_alert_does() -> None:
    async with harness_pagerduty.open_harness() as pagerduty:
        config = PagerDutyConfig.model_validate(pagerduty.config)
        states = []
        for content in (first_failure(), about(Reason.TAKEN), about(Reason.REMINDER), recovered()):
            await PAGERDUTY.send(NOTIFICATION, content, config, pagerduty.tools)
            states.append(dict(pagerduty.incidents))
    assert states == [
        {str(ALERT): each} for each in ("trigger", "acknowledge", "trigger", "resolve")
    ]


async def test_an_opsgenie_alert_lives_as_ours_does() -> None:
    async with harness_opsgenie.open_harness() as opsgenie:
        config = OpsgenieConfig.model_validate(opsgenie.config)
        states = []
        for content in (first_failure(), about(Reason.TAKEN), recovered()):
            await OPSGENIE.send(NOTIFICATION, content, config, opsgenie.tools)
            states.append(dict(opsgenie.alerts))
    assert states == [{str(ALERT): each} for each in ("open", "acknowledge", "close")]


async def test_a_digest_triggers_and_resolves_each_of_its_alerts() -> None:
    async with (
        harness_pagerduty.open_harness() as pagerduty,
        harness_opsgenie.open_harness() as opsgenie,
    ):
        paging = PagerDutyConfig.model_validate(pagerduty.config)
        alerting = OpsgenieConfig.model_validate(opsgenie.config)
        await PAGERDUTY.send(NOTIFICATION, digest(), paging, pagerduty.tools)
        await OPSGENIE.send(NOTIFICATION, digest(), alerting, opsgenie.tools)
    ids = [str(UUID(int=200 + number)) for number in range(3)]
    assert pagerduty.incidents == dict(zip(ids, ("trigger", "trigger", "resolve"), strict=True))
    assert opsgenie.alerts == dict(zip(ids, ("open", "open", "close"), strict=True))


async def test_what_arrived_of_a_digest_is_not_sent_again() -> None:
    async with harness_pagerduty.open_harness() as pagerduty:
        config = PagerDutyConfig.model_validate(pagerduty.config)
        pagerduty.tools.done = (f"incident {UUID(int=200)}",)
        pagerduty.answer(Answer.BUSY)
        outcome = await PAGERDUTY.send(NOTIFICATION, digest(), config, pagerduty.tools)
        assert isinstance(outcome, TryAgain)
        assert outcome.done == (f"incident {UUID(int=200)}",)
        pagerduty.answer(Answer.ACCEPTED)
        assert isinstance(
            await PAGERDUTY.send(NOTIFICATION, digest(), config, pagerduty.tools), Delivered
        )
        assert set(pagerduty.incidents) == {str(UUID(int=201)), str(UUID(int=202))}


@pytest.mark.parametrize("kind", [ActKind.ACKNOWLEDGE, ActKind.SNOOZE])
def test_whoever_keeps_an_incident_hears_that_somebody_has_it_in_hand(kind: ActKind) -> None:
    walk = Walk(a_policy(channels=(MAIL, PAGER)))
    alert_id = walk.fail(START, "charge")
    walk.act(kind, alert_id, after(minutes=3), until=after(hours=2))
    assert [(each.channel.name, each.reason) for each in walk.sent[2:]] == [("pager", Reason.TAKEN)]
    walk.act(kind, alert_id, after(minutes=4), until=after(hours=2))
    assert len(walk.sent) == 3
    told = walk.alerts[alert_id].told
    assert told[PAGER.id].messages == told[MAIL.id].messages == 1


def test_an_incident_that_was_never_opened_is_not_acknowledged() -> None:
    walk = Walk(a_policy(channels=(replace(PAGER, enabled=False), MAIL)))
    alert_id = walk.fail(START, "charge")
    walk.act(ActKind.ACKNOWLEDGE, alert_id, after(minutes=3))
    assert [each.channel.name for each in walk.sent] == [MAIL.name]


def test_the_end_waits_for_what_says_that_somebody_has_it_in_hand() -> None:
    walk = Walk(a_policy(channels=(PAGER,)))
    alert_id = walk.fail(START, "charge")
    walk.act(ActKind.ACKNOWLEDGE, alert_id, after(minutes=3))
    walk.alerts[alert_id] = replace(walk.alerts[alert_id], under_way=frozenset({PAGER.id}))
    walk.decide(after(minutes=3, seconds=1), ends=(alert_id,))
    assert len(walk.sent) == 2
    walk.alerts[alert_id] = replace(walk.alerts[alert_id], under_way=frozenset())
    walk.settle(after(hours=1))
    assert [each.reason for each in walk.sent[1:]] == [Reason.TAKEN, Reason.RECOVERED]
