"""The life of an alert, one story for each promise: a running `serve`, a clock that is moved, what people and
programs read, and what people do."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from tests.acceptance.stories.stage import Story
from tests.api_client import bearing, token

pytestmark = pytest.mark.postgres

HOUR = 3600
REMINDERS = [HOUR, 3 * HOUR, 20 * HOUR, 24 * HOUR]


async def the_alert(story: Story) -> str:
    """The id of the one open alert."""
    found = (
        await story.client.get(
            "/api/alerts", params={"state": ["firing", "acknowledged", "snoozed"]}
        )
    ).json()
    (alert,) = found["alerts"]
    id_: str = alert["id"]
    return id_


async def act(story: Story, word: str, **body: Any) -> dict[str, Any]:
    answer = await story.client.post(f"/api/alerts/{await the_alert(story)}/{word}", json=body)
    assert answer.is_success, answer.text
    await story.settle()
    said: dict[str, Any] = answer.json()
    return said


def reasons(story: Story) -> list[str]:
    """Why each of the webhook's new messages was sent; each is a mail as well."""
    new, mails = story.board(), story.mails()
    assert len(mails) == len(new)
    return [each["reason"] for each in new]


async def test_nobody_acknowledges_and_is_reminded_ever_less_often(story: Story) -> None:
    await story.begin(reminders_seconds=REMINDERS)
    await story.fail("charge")
    assert reasons(story) == ["first_failure"]
    for hours, expected in ((0.9, 0), (0.2, 1), (2.8, 0), (0.3, 1), (19.5, 0), (0.6, 1), (24.1, 1)):
        await story.after(hours=hours)
        assert reasons(story) == ["reminder"] * expected, hours


async def test_acknowledged_it_is_quiet_until_that_expires_and_then_asked_after(
    story: Story,
) -> None:
    await story.begin(reminders_seconds=REMINDERS)
    await story.fail("charge")
    assert (await act(story, "acknowledge", note="looking"))["status"] == "acknowledged"
    await story.after(hours=2)
    await story.fail("charge", "charge")
    assert reasons(story) == ["first_failure"]
    await story.after(hours=2.1)
    (reminder,) = story.board()[-1:]
    assert (reminder["type"], reminder["alert"]["new_failures"]) == ("alert.reminder", 2)


async def test_snoozed_it_is_told_when_the_snooze_is_over(story: Story) -> None:
    await story.begin()
    await story.fail("charge")
    await act(story, "snooze", for_seconds=2 * HOUR)
    await story.after(hours=1)
    await story.fail("charge")
    assert reasons(story) == ["first_failure"]
    await story.after(hours=1.1)
    assert reasons(story) == ["reminder"]


async def test_snoozed_until_so_many_more(story: Story) -> None:
    await story.begin()
    await story.fail("charge")
    await act(story, "snooze", failures=2)
    await story.fail("charge")
    assert reasons(story) == ["first_failure"]
    await story.fail("charge")
    assert reasons(story) == ["snooze_over"]


async def test_closed_by_hand_everybody_hears_by_whom(story: Story) -> None:
    await story.begin()
    headers = bearing(token(story.world.owner, email="ana@example.com"))
    await story.fail("charge")
    async with httpx.AsyncClient(base_url=story.client.base_url, headers=headers) as ana:
        await ana.post(f"/api/alerts/{await the_alert(story)}/resolve", json={"note": "fixed"})
    await story.settle()
    (mail,) = story.mails()[1:]
    assert "Closed by ana@example.com" in mail.get_body(("plain",)).get_content()  # type: ignore[union-attr]
    assert story.board()[1]["alert"]["closed"] == "closed by ana@example.com"
    await story.recover()
    assert story.told() == []


async def test_what_is_quiet_for_three_days_is_closed_and_said_to_be(story: Story) -> None:
    await story.begin()
    await story.fail("charge")
    await story.after(days=2)
    await story.fail("charge")
    await story.after(days=2, hours=23)
    assert [each["reason"] for each in story.board()] == ["first_failure", "still_failing"]
    story.mails()
    await story.after(hours=2)
    (closed,), (mail,) = story.board(), story.mails()
    assert (closed["type"], closed["alert"]["closed"]) == ("alert.closed", "no failure for 3 days")
    assert "No failure for 3 days" in mail.get_body(("plain",)).get_content()  # type: ignore[union-attr]


async def test_if_nobody_acknowledges_the_next_is_told_and_hears_of_the_end_too(
    story: Story,
) -> None:
    await story.begin(
        rules=[{"name": "all", "channels": ["board"]}],
        escalation=[{"after_seconds": 900, "channels": ["mail"]}],
    )
    await story.fail("charge")
    assert (len(story.board()), story.mails()) == (1, [])
    await story.after(minutes=16)
    (mail,) = story.mails()
    assert "escalated" in mail["subject"]
    await story.recover()
    assert [each["type"] for each in story.board()] == ["alert.recovered"]
    assert "recovered" in story.mails()[0]["subject"]


async def test_acknowledged_in_time_nobody_else_is_told(story: Story) -> None:
    await story.begin(
        rules=[{"name": "all", "channels": ["board"]}],
        escalation=[{"after_seconds": 900, "channels": ["mail"]}],
    )
    await story.fail("charge")
    await act(story, "acknowledge")
    await story.after(minutes=40)
    assert story.mails() == []


async def test_what_keeps_coming_and_going_is_one_notice_and_one_end(story: Story) -> None:
    await story.begin()
    await story.fail("charge")
    for _ in range(4):
        await story.after(minutes=4)
        await story.recover()
        await story.after(minutes=2)
        await story.fail("charge")
    await story.after(minutes=1)
    await story.recover()
    assert reasons(story) == ["first_failure", "recovered", "came_back", "recovered", "flaps"]
    await story.after(minutes=31)
    assert reasons(story) == ["recovered"]


async def test_the_end_comes_once_through_snooze_and_silence_and_edited_rules(story: Story) -> None:
    await story.begin()
    await story.fail("charge")
    assert reasons(story) == ["first_failure"]
    await act(story, "snooze", for_seconds=20 * HOUR)
    until = (await story.clock.now()).replace(hour=23).isoformat()
    silence = {"project_id": str(story.world.project_id), "reason": "quiet", "ends_at": until}
    assert (await story.client.post("/api/alerts/silences", json=silence)).is_success
    await story.settings(rules=[{"name": "other", "when": {"nodes": ["nothing"]}}])
    await story.after(minutes=5)
    await story.recover()
    assert reasons(story) == ["recovered"]
    await story.after(days=4)
    assert reasons(story) == []


async def test_a_channel_that_was_never_told_is_never_told_of_the_end(story: Story) -> None:
    await story.begin(rules=[{"name": "all", "channels": ["board"]}])
    await story.fail("charge")
    await story.recover()
    assert [each["type"] for each in story.board()] == ["alert.firing", "alert.recovered"]
    assert story.mails() == []


async def test_the_default_channel_hears_what_no_rule_brought_to_one(story: Story) -> None:
    await story.begin(rules=[{"name": "ship", "when": {"nodes": ["ship"]}}], default_channel="mail")
    await story.fail("charge")
    assert (story.board(), len(story.mails())) == ([], 1)


async def test_acknowledged_it_speaks_up_when_it_becomes_much_worse_or_looks_different(
    story: Story,
) -> None:
    await story.begin(mail={"enabled": False})
    await story.fail("charge")
    await act(story, "acknowledge")
    await story.after(minutes=5)
    await story.fail("charge")
    assert [each["reason"] for each in story.board()] == ["first_failure"]
    await story.world.execute(
        "update public.workflow_definitions set version = 4 where slug = 'orders'"
    )
    await story.fail("charge", "charge")
    assert [each["reason"] for each in story.board()] == ["changed"]
    await story.after(minutes=5)
    await story.fail(*["charge"] * 55)
    assert [each["reason"] for each in story.board()] == ["volume"]
