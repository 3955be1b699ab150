"""What is held back and what is not, one story for each promise: settings posted to a running `serve`, hours
that pass, and what stands in the webhook and in the mail."""

from __future__ import annotations

from typing import Any

import pytest

from tests.acceptance.stories.stage import Story

pytestmark = pytest.mark.postgres

NIGHT: dict[str, Any] = {
    "name": "night",
    "from": "22:00",
    "to": "07:00",
    "time_zone": "Europe/Berlin",
}
NOW = "alert.firing"


async def test_a_trouble_is_told_once_and_again_after_the_cooldown(story: Story) -> None:
    """Cooldown of 30 minutes from acceptance; what came meanwhile is one message at its end."""
    await story.begin()
    await story.fail("charge")
    assert story.told() == [(NOW, "charge")]
    await story.after(minutes=10)
    await story.fail("charge", "charge", "charge")
    assert story.told() == []
    await story.after(minutes=19)
    assert story.told() == []
    await story.after(minutes=2)
    (update,), (mail,) = story.board(), story.mails()
    assert (update["reason"], update["alert"]["new_failures"]) == ("released", 3)
    assert "3 more" in mail.get_body(("plain",)).get_content()  # type: ignore[union-attr]
    assert await story.reasons() == {"first_failure": 1, "cooldown": 3, "released": 3}


async def test_a_rule_waits_until_it_is_often_enough(story: Story) -> None:
    await story.begin(rules=[{"name": "often", "after": {"failures": 3, "within_seconds": 300}}])
    await story.fail("charge")
    await story.after(minutes=6)
    await story.fail("charge", "charge")
    assert story.told() == []
    await story.after(minutes=1)
    await story.fail("charge")
    (first,) = story.board()
    assert first["alert"]["failures"] == 4
    assert (await story.reasons())["below_threshold"] == 3


async def test_severity_and_criteria_say_who_hears(story: Story) -> None:
    """A workflow that its owner calls critical makes what stops it critical."""
    await story.begin(
        rules=[
            {"name": "loud", "when": {"minimum_severity": "critical"}, "channels": ["mail"]},
            {"name": "rest", "when": {"nodes": ["ship*"]}, "channels": ["board"]},
        ]
    )
    await story.settings(workflow="orders", criticality="critical")
    await story.fail("charge")
    await story.world.fail("invoices", node="ship_1")
    await story.settle()
    (mail,), (message,) = story.mails(), story.board()
    assert "charge" in mail["subject"]
    assert (message["node"]["id"], message["severity"]) == ("ship_1", "error")


async def test_the_night_the_clocks_go_back_ends_in_one_digest(story: Story) -> None:
    """22:00 to 07:00 in Berlin is ten hours that night: 20:00 to 06:00 UTC."""
    await story.begin(quiet_periods=[NIGHT], cooldown_seconds=60)
    await story.fail("early")
    assert story.told() == [(NOW, "early")]
    await story.at(20, 0, 10)
    await story.fail("charge", "charge")
    await story.world.fail("invoices", node="print")
    await story.settle()
    await story.at(0, 30, days=1)  # the hour that comes twice
    await story.fail("charge")
    await story.at(3, days=1)
    await story.recover("invoices")
    await story.at(5, 59, 50, days=1)
    assert story.told() == []
    await story.at(6, 0, 1, days=1)
    (digest,), (mail,) = story.board(), story.mails()
    assert digest["headline"].startswith(
        "Shop: 4 failures held back, 1 trouble still open, 1 recovered"
    )
    states = [
        (each["state"], each["node"], each["new_failures"]) for each in digest["digest"]["alerts"]
    ]
    assert states == [("open", "charge", 3), ("recovered", "print", 1)]
    assert "4 failures held back" in mail["subject"]
    assert (await story.reasons())["digest"] == 4


async def test_what_is_critical_comes_through_the_night(story: Story) -> None:
    await story.begin(quiet_periods=[NIGHT])
    await story.settings(workflow="orders", criticality="critical")
    await story.at(23)
    await story.fail("charge")
    assert story.told() == [(NOW, "charge")]


async def test_a_period_that_only_records_tells_nobody_ever(story: Story) -> None:
    await story.begin(quiet_periods=[NIGHT | {"mode": "record_only"}])
    await story.at(23)
    await story.fail("charge")
    await story.at(8, days=1)
    assert story.told() == []
    assert await story.reasons() == {"quiet_record_only": 1}


async def test_deleting_the_night_releases_it_at_once(story: Story) -> None:
    await story.begin(quiet_periods=[NIGHT])
    await story.at(23)
    await story.fail("charge")
    assert story.told() == []
    await story.settings(quiet_periods={"night": None})
    await story.settle()
    assert story.told() == [(NOW, "charge")]


async def test_a_silence_ends_and_what_still_fails_is_told(story: Story) -> None:
    await story.begin()
    until = (await story.clock.now()).replace(hour=20).isoformat()
    silence = {"project_id": str(story.world.project_id), "reason": "deploying", "ends_at": until}
    answer = await story.client.post("/api/alerts/silences", json=silence)
    assert answer.is_success, answer.text
    await story.fail("charge")
    await story.world.fail("invoices", node="print")
    await story.after(minutes=10)
    await story.recover("invoices")
    assert story.told() == []
    await story.at(20, 1)
    assert story.told() == [(NOW, "charge")]


async def test_a_channel_is_written_to_as_often_as_it_likes(story: Story) -> None:
    """Two windows, each exact; what is beyond is one digest when both are open."""
    limits = [{"messages": 2, "seconds": 3600}, {"messages": 3, "seconds": 86400}]
    await story.begin(board={"limits": limits}, cooldown_seconds=60)
    for node in "abcd":  # one after the other: what shares a second has no order of its own
        await story.fail(node)
        await story.after(seconds=2)
    assert [each["node"]["id"] for each in story.board()] == ["a", "b"]
    assert len(story.mails()) == 4
    await story.after(minutes=61)
    (digest,) = story.board()
    assert [each["node"] for each in digest["digest"]["alerts"]] == ["d", "c"]
    await story.fail("e")
    await story.after(hours=3)
    assert story.board() == []
    await story.after(hours=21)
    assert [each["node"]["id"] for each in story.board()] == ["e"]


async def test_a_storm_is_a_few_messages_summaries_and_an_end(story: Story) -> None:
    await story.begin(mail={"enabled": False}, storm_limit=5)
    await story.fail(*[f"n{number}" for number in range(14)])
    assert len(story.board()) == 10  # five make it a storm, and five new troubles still go
    await story.after(minutes=5)
    (summary,) = story.board()
    assert (summary["reason"], summary["digest"]["total"]) == ("storm_summary", 4)
    await story.after(minutes=11)
    (over,) = story.board()
    assert over["headline"].endswith("is over: 4 failures of 4 troubles, 4 still open")
    await story.fail("afterwards")
    assert [each["node"]["id"] for each in story.board()] == ["afterwards"]


async def test_what_becomes_much_worse_speaks_again(story: Story) -> None:
    await story.begin(mail={"enabled": False})
    await story.fail("charge")
    await story.after(minutes=5)
    assert len(story.board()) == 1
    await story.fail(*["charge"] * 55)
    (worse,) = story.board()
    assert worse["reason"] == "volume"
    assert worse["alert"]["failures"] >= 50


async def test_silent_workers_are_one_trouble_whatever_they_leave_lying(story: Story) -> None:
    await story.begin(mail={"enabled": False})
    for _ in range(3):
        await story.world.event(await story.world.start_run(), "run_created")
    await story.after(minutes=3)
    kinds = {each["failure"]["kind"] for each in story.board()}
    assert "fleet_silent" in kinds
    assert "never_started" not in kinds
    assert (await story.reasons()).get("inhibited", 0) >= 1


async def test_who_was_told_hears_of_the_end_through_a_silence_and_after_the_night(
    story: Story,
) -> None:
    await story.begin(quiet_periods=[NIGHT])
    await story.fail("charge")
    assert story.told() == [(NOW, "charge")]
    await story.at(23)
    await story.recover()
    assert story.told() == []
    await story.at(6, 1, days=1)
    assert story.told() == [("alert.recovered", "charge")]
