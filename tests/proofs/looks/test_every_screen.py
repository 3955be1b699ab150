"""Every screen of the dashboard in each of its states: axe finds nothing, nothing scrolls sideways, nothing is executed,
and a picture of each at three widths, light and dark, is left for whoever looks (``LOOKS=FOLDER``)."""

from __future__ import annotations

import os
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal
from uuid import uuid4

import pytest
from playwright.async_api import Page, expect

from tests.api_client import token
from tests.e2e.test_dashboard import WIDTHS, Desk, a_desk
from tests.line import World, open_world
from tests.members import members_of

pytestmark = [pytest.mark.browser, pytest.mark.postgres]

LONG = "a-very-long-name-" * 17  # 289 characters
RIGHT_TO_LEFT = "فشل الدفع › שגיאה"
MARKUP = "<img src=x onerror=\"document.title='run'\"><script>document.title='run'</script>"
FORCED: tuple[Literal["active"], Literal["none"]] = ("active", "none")
FAILURES = (
    ("orders", "charge_card", "Error: HTTP 503 Service Unavailable", 7),
    ("orders", LONG, "Error: HTTP 503 " + "x" * 2_000, 1),
    ("invoices", RIGHT_TO_LEFT, "Error: HTTP 503 فشل 💥", 2),
    ("reports", MARKUP, f"Error: HTTP 503 {MARKUP}", 1),
)


@dataclass
class Walk:
    """A walk over screens, with a picture of each."""

    desk: Desk
    folder: Path

    @property
    def page(self) -> Page:
        return self.desk.page

    async def go(self, path: str, heading: str) -> None:
        await self.page.goto(self.desk.address + path)
        await expect(
            self.page.get_by_role("heading", name=heading, exact=True).first
        ).to_be_visible()

    async def see(self, name: str) -> None:
        """At each width, light and dark."""
        for theme in ("light", "dark"):
            await self.page.evaluate(
                "theme => document.documentElement.dataset.theme = theme", theme
            )
            for width in WIDTHS:
                await self.page.set_viewport_size({"width": width, "height": 900})
                wide = await self.page.evaluate("document.documentElement.scrollWidth")
                assert wide <= width, (name, width, wide)
                if width != 768:
                    await self.desk.axe()
                picture = self.folder / f"{name}-{width}-{theme}.png"
                await self.page.screenshot(path=str(picture), full_page=True)
        await self.page.set_viewport_size({"width": 1280, "height": 900})
        assert await self.page.title() != "run"


@asynccontextmanager
async def a_walk(world: World, tmp_path: Path) -> AsyncIterator[Walk]:
    folder = Path(os.environ.get("LOOKS", tmp_path / "looks"))
    folder.mkdir(parents=True, exist_ok=True)
    async with a_desk(world, tmp_path) as desk:
        await desk.page.emulate_media(reduced_motion="reduce")
        yield Walk(desk, folder)
        assert [each for each in desk.said if "Failed to load resource" not in each] == []


async def test_before_anything_is_there(world: World, tmp_path: Path) -> None:
    async with a_walk(world, tmp_path) as walk:
        page = walk.page
        await walk.go("/alerts/", "Sign in")
        await walk.see("sign-in")
        await page.get_by_role("textbox", name="Token").fill("wrong")
        await page.get_by_role("button", name="Sign in with the token").click()
        await expect(page.get_by_text("The token is not valid here.")).to_be_visible()
        assert await page.get_by_text("Your session has ended").count() == 0  # there was none
        await walk.see("sign-in-refused")
        await walk.desk.sign_in()
        await walk.see("first-run")
        for path, heading in (("channels", "Channels"), ("rules", "Rules"), ("quiet", "Quiet")):
            await walk.go(f"/alerts/{path}", heading)
            await walk.see(f"{path}-empty")
        await walk.go("/alerts/", "Inbox")
        await page.get_by_label("Your address").fill("ana@example.com")
        await page.get_by_role("button", name="Turn on alerts").click()
        await page.get_by_role("button", name="Send a test").click()
        await expect(page.get_by_role("button", name="It arrived")).to_be_visible(timeout=20_000)
        await walk.see("first-run-tested")
        walk.desk.post.by_recipient["ana@example.com"] = "550 5.1.1 no such user here"
        await page.wait_for_timeout(5_100)  # between two tests
        await page.get_by_role("button", name="Send a test").click()
        await expect(page.get_by_text("no such user here").first).to_be_visible(timeout=20_000)
        await walk.see("first-run-refused")
        await page.keyboard.press("?")
        await expect(page.get_by_role("heading", name="Keys")).to_be_visible()
        await walk.see("keys")


async def test_whoever_has_no_project(world: World, tmp_path: Path) -> None:
    async with a_walk(world, tmp_path) as walk:
        await walk.desk.sign_in(uuid4(), "No project of yours is here yet")
        await walk.see("no-project")


async def test_when_things_fail(world: World, tmp_path: Path) -> None:
    async with a_walk(world, tmp_path) as walk:
        page, desk = walk.page, walk.desk
        await desk.sign_in()
        await page.get_by_label("Your address").fill("ana@example.com")
        await page.get_by_role("button", name="Turn on alerts").click()
        for slug, node, error, times in FAILURES:
            for _ in range(times):
                await world.fail(slug, error=error, node=node)
        await world.until("select count(*) = 4 and sum(count) = 11 from public.alerts")
        await walk.go("/alerts/", "Inbox")
        await expect(page.locator("[data-row]")).to_have_count(4)
        await walk.see("inbox")
        for colours in FORCED:  # a reader's own few colours, and back
            await page.emulate_media(forced_colors=colours, reduced_motion="reduce")
            # Contrast is the reader's own then, which axe does not know; what must be told without colour is looked at.
            await page.screenshot(path=str(walk.folder / f"inbox-forced-{colours}.png"))
            pressed = page.get_by_role("button", name="All open")
            other = page.get_by_role("button", name="Snoozed")
            looks = "each => getComputedStyle(each).backgroundColor + getComputedStyle(each).borderColor"
            assert await pressed.evaluate(looks) != await other.evaluate(looks)
        await page.get_by_label("Select all").check()
        await walk.see("inbox-selected")
        await page.keyboard.press("Escape")
        await page.locator("main").focus()
        await page.keyboard.press("s")
        await expect(page.get_by_role("dialog")).to_be_visible()
        await walk.see("inbox-snooze")
        await page.keyboard.press("Escape")
        await page.get_by_role("searchbox").fill("nothing like it")
        await expect(page.get_by_text("No alert matches.")).to_be_visible()
        await walk.see("inbox-filtered-empty")
        for node, name in (
            (LONG, "long"),
            (RIGHT_TO_LEFT, "rtl"),
            (MARKUP, "markup"),
            ("charge_card", "firing"),
        ):
            alert = await world.value(
                "select id from public.alerts where node_id like %s", f"{node[:60]}%"
            )
            await page.goto(f"{desk.address}/alerts/a/{alert}")
            await expect(page.get_by_role("heading", name="Failures")).to_be_visible()
            await expect(page.get_by_text("Error: HTTP 503").first).to_be_visible()
            await walk.see(f"alert-{name}")
        await page.get_by_role("button", name="Acknowledge").click()
        await expect(page.get_by_role("button", name="Undo")).to_be_visible()
        await walk.see("alert-acknowledged")
        await page.get_by_role("button", name="Close").click()
        await expect(page.get_by_role("button", name="Open again")).to_be_visible()
        await walk.see("alert-over")
        await walk.go(f"/alerts/a/{uuid4()}", "There is nothing here")
        await walk.see("alert-not-found")


async def test_what_is_set(world: World, tmp_path: Path) -> None:
    async with a_walk(world, tmp_path) as walk:
        page, desk = walk.page, walk.desk
        await _set_up(desk)
        await walk.go("/alerts/channels", "Channels")
        await expect(page.get_by_role("heading", name="Team chat")).to_be_visible()
        await walk.see("channels")
        await page.get_by_role("button", name="Edit Team chat").click()
        await walk.see("channel-form")
        await page.get_by_role("button", name="Cancel").click()
        await page.get_by_role("button", name="Remove Team chat").click()
        await walk.see("channel-remove")
        await page.keyboard.press("Escape")
        await walk.go("/alerts/rules", "Rules")
        await walk.see("rules")
        await page.get_by_role("button", name="Edit payments").click()
        await page.get_by_label("Error text").fill("HTTP (5")
        await page.get_by_role("button", name="Save").click()
        await expect(page.get_by_text("error_matches")).to_be_visible()
        await walk.see("rule-refused")
        await walk.go("/alerts/quiet", "Quiet")
        await expect(page.get_by_text("moving the shop").first).to_be_visible()
        await walk.see("quiet")
        await page.get_by_role("button", name="Edit night").click()
        await page.get_by_role("button", name="Add a silence").click()
        await walk.see("quiet-forms")
        await walk.go("/alerts/settings", "Settings")
        await expect(page.get_by_role("heading", name="Escalation")).to_be_visible()
        await page.get_by_text("Everything, as it is stored").click()
        await walk.see("settings")
        await walk.go("/alerts/settings?workflow=orders", "Settings")
        await expect(page.get_by_role("group", name="It should run so often")).to_be_visible()
        await walk.see("settings-workflow")


async def test_a_part_that_cannot_be_read_leaves_the_rest_of_the_page(
    world: World, tmp_path: Path
) -> None:
    async with a_walk(world, tmp_path) as walk:
        page = walk.page
        await _set_up(walk.desk)
        await world.fail()
        await world.until("select count(*) = 1 from public.alerts")
        alert = await world.value("select id from public.alerts")
        await world.execute(
            "revoke select on public.alert_notifications, public.alert_failures from authenticated"
        )
        await walk.go("/alerts/channels", "Channels")
        await expect(page.get_by_text("A part of this page could not be read:")).to_be_visible()
        await expect(page.get_by_role("heading", name="Team chat")).to_be_visible()
        assert await page.get_by_text("in 7 days").count() == 0  # what is not known is not said
        await walk.see("channels-partial")
        await world.execute("grant select on public.alert_notifications to authenticated")
        await page.get_by_role("button", name="Try again").click()
        await expect(page.get_by_text("A part of this page could not be read:")).to_have_count(0)
        await walk.go(f"/alerts/a/{alert}", "Timeline")
        await expect(page.get_by_text("A part of this page could not be read:")).to_be_visible()
        await walk.see("alert-partial")


async def test_who_may_only_look(world: World, tmp_path: Path) -> None:
    viewer, _ = await members_of(world)
    async with a_walk(world, tmp_path) as walk:
        await _set_up(walk.desk)
        await world.fail()
        await world.until("select count(*) = 1 from public.alerts")
        alert = await world.value("select id from public.alerts")
        await walk.page.context.clear_cookies()
        await walk.desk.sign_in(viewer)
        assert await walk.page.get_by_role("checkbox").count() == 0
        await walk.see("viewer-inbox")
        for path, name in (
            (f"a/{alert}", "alert"), ("channels", "channels"), ("rules", "rules"), ("quiet", "quiet"),
            ("settings", "settings"),
        ):  # fmt: skip
            await walk.page.goto(f"{walk.desk.address}/alerts/{path}")
            await expect(
                walk.page.get_by_text("You may look, and not change this.")
            ).to_be_visible()
            await walk.page.wait_for_timeout(300)
            await walk.see(f"viewer-{name}")


async def test_when_the_server_is_away(world: World, tmp_path: Path) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    folder = Path(os.environ.get("LOOKS", tmp_path / "looks"))
    folder.mkdir(parents=True, exist_ok=True)
    async with a_desk(world, tmp_path, port=port) as desk:
        walk = Walk(desk, folder)
        await _set_up(desk)
        await world.fail()
        await world.until("select count(*) = 1 from public.alerts")
        await walk.go("/alerts/", "Inbox")
        await expect(walk.page.locator("[data-row]")).to_have_count(1)
        await walk.page.wait_for_timeout(
            2_000
        )  # its other screens are fetched a moment after the first
        await desk.stop()
        await walk.page.get_by_role("button", name="Acknowledged").click()
        await expect(walk.page.get_by_text("the server cannot be asked")).to_be_visible()
        await walk.see("inbox-stale")
        await walk.page.get_by_role("link", name="Settings").click()
        await expect(walk.page.get_by_text("The server cannot be reached.")).to_be_visible()
        await walk.see("settings-away")


async def _set_up(desk: Desk) -> None:
    """A project with one of everything, by the API as its owner."""
    await desk.sign_in()
    project = str(desk.world.project_id)
    document = {
        "project_id": project,
        "channels": [
            {"name": "On call", "kind": "email", "config": {"to": ["ana@example.com"]}},
            {"name": "Team chat", "kind": "slack_bot", "enabled": False,
             "limits": [{"messages": 3, "seconds": 3600}],
             "config": {"token": "xoxb-1-2-sentinel", "channel": "C0123456789"}},
            {"name": RIGHT_TO_LEFT[:80], "kind": "email", "config": {"to": ["x@example.com"]}},
        ],
        "rules": [
            {"name": "payments", "when": {"workflows": ["orders"], "error_matches": "HTTP 5",
             "kinds": ["retries_exhausted"]}, "channels": ["On call"], "after": {"in_a_row": 3}},
            {"name": MARKUP[:80], "when": {"not": {"nodes": ["x*"]}}, "enabled": False},
        ],
        "quiet_periods": [{"name": "night", "from": "22:00", "to": "07:00", "time_zone": "Europe/Berlin",
                           "weekdays": ["mon", "tue"], "nth": [1, -1]}],
        "escalation": [{"after_seconds": 900, "channels": ["On call"]}],
        "failure_rate": {"percent": 20, "window_seconds": 3600, "at_least": 10},
    }  # fmt: skip
    headers = {"Authorization": f"Bearer {token(desk.world.owner)}"}
    answer = await desk.page.request.post(
        f"{desk.address}/api/alerts/settings", data=document, headers=headers
    )
    assert answer.ok, await answer.text()
    silence = {"project_id": project, "for_seconds": 7200, "reason": "moving the shop",
               "when": {"workflows": ["orders"]}}  # fmt: skip
    answer = await desk.page.request.post(
        f"{desk.address}/api/alerts/silences", data=silence, headers=headers
    )
    assert answer.ok, await answer.text()
    workflow = {"project_id": project, "workflow": "orders", "criticality": "critical",
                "expected": {"every_seconds": 86400, "weekdays": ["mon"], "from": "08:00", "to": "18:00"}}  # fmt: skip
    answer = await desk.page.request.post(
        f"{desk.address}/api/alerts/settings", data=workflow, headers=headers
    )
    assert answer.ok, await answer.text()
    await open_world(desk.world.url)  # somebody else's
