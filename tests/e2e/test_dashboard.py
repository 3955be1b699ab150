"""The dashboard as people use it: a real browser, the real service, database and mail server; nothing is intercepted, and
each flow ends by reading the database or the mailbox."""

from __future__ import annotations

import os
import shutil
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from playwright.async_api import Page, async_playwright, expect

from tests.api_client import token
from tests.commands import complete
from tests.line import World, open_world
from tests.mail_server import Post, running
from tests.serving import serving

pytestmark = [pytest.mark.browser, pytest.mark.postgres]

AXE = Path(__file__).parents[2] / "dashboard" / "node_modules" / "axe-core" / "axe.min.js"
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
WIDTHS = (320, 768, 1280)


async def _nothing() -> None: ...


@dataclass
class Desk:
    """A reader before a browser."""

    world: World
    post: Post
    page: Page
    address: str
    said: list[str]
    """What the browser complained of."""
    stop: Callable[[], Awaitable[None]] = _nothing
    """Takes the server away."""

    async def sign_in(self, user: UUID | None = None, heading: str = "Inbox") -> None:
        """With the token of a user, or else of the owner."""
        await self.page.goto(f"{self.address}/alerts/")
        await self.page.get_by_role("textbox", name="Token").fill(token(user or self.world.owner))
        await self.page.get_by_role("button", name="Sign in").click()
        await expect(self.page.get_by_role("heading", name=heading)).to_be_visible()

    async def axe(self) -> None:
        """Nothing that axe finds."""
        await self.page.evaluate(AXE.read_text("utf-8"))
        found: list[dict[str, Any]] = await self.page.evaluate(
            "tags => axe.run(document, {runOnly: tags}).then(each => each.violations)", TAGS
        )
        assert not found, [
            (each["id"], [node["html"][:120] for node in each["nodes"]]) for each in found
        ]

    async def fits(self) -> None:
        """No sideways scrolling at any width."""
        for width in (*WIDTHS, 2560):
            await self.page.set_viewport_size({"width": width, "height": 900})
            wide = await self.page.evaluate("document.documentElement.scrollWidth")
            assert wide <= width, (width, wide)


@asynccontextmanager
async def a_desk(world: World, folder: Path, port: int = 0, **settings: str) -> AsyncIterator[Desk]:
    """A browser, and `serve` as people start it."""
    path = os.environ.get("MESHHOOK_ALERTS_CHROMIUM") or shutil.which("chromium")
    async with running(Post()) as post, async_playwright() as playwright:
        mail = f"smtp+plain://127.0.0.1:{post.port}"
        env = complete(world.url, MESHHOOK_ALERTS_SMTP_URL=mail, **settings)
        async with AsyncExitStack() as served:
            address = await served.enter_async_context(
                serving(folder / "serve.log", env, port=port)
            )
            browser = await playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
            page = await browser.new_page(viewport={"width": 1280, "height": 900})
            said: list[str] = []
            page.on(
                "console", lambda each: said.append(each.text) if each.type == "error" else None
            )
            page.on("pageerror", lambda each: said.append(str(each)))
            try:
                yield Desk(world, post, page, address, said, served.aclose)
            finally:
                await browser.close()


async def test_from_nothing_to_a_message_in_three_clicks_and_an_alert_taken_in_hand(
    world: World, tmp_path: Path
) -> None:
    async with a_desk(world, tmp_path) as desk:
        page = desk.page
        await desk.sign_in()
        await page.get_by_label("Your address").fill("ana@example.com")
        await page.get_by_role("button", name="Turn on alerts").click()
        await page.get_by_role("button", name="Send a test").click()
        await expect(page.get_by_text("The channel accepted the message")).to_be_visible(
            timeout=20_000
        )
        await page.get_by_role("button", name="It arrived").click()
        assert desk.post.recipients == ["ana@example.com"]
        await expect(page.get_by_text("Nothing is failing.")).to_be_visible()
        await desk.axe()

        # A failure shows within two seconds, without a reload, and moves neither focus nor rows that are there.
        search = page.get_by_role("searchbox")
        await search.focus()
        await world.fail(error="Error: card <b>declined</b>: HTTP 503", node="charge")
        row = page.get_by_role("link", name="orders › charge")
        await expect(row).to_be_visible(timeout=2_000)
        await world.fail(node="second", error="Error: HTTP 503")
        fresh = page.get_by_role("button", name="1 new: show")
        await expect(fresh).to_be_visible(timeout=2_000)
        assert await page.locator("[data-row]").count() == 1
        await expect(search).to_be_focused()
        await fresh.click()
        await expect(page.get_by_role("link", name="orders › second")).to_be_visible()
        await expect(page.get_by_text("card <b>declined</b>")).to_be_visible()  # shown, not run
        await desk.axe()
        await desk.fits()

        # By the keyboard alone.
        await page.set_viewport_size({"width": 1280, "height": 900})
        await page.locator("main").focus()
        await page.keyboard.press("j")  # the newest
        await page.keyboard.press("j")
        await expect(row).to_be_focused()
        await page.keyboard.press("a")
        await expect(page.get_by_text("Acknowledged until")).to_be_visible()
        charge = "from public.alerts where node_id = 'charge'"
        await world.until(f"select status = 'acknowledged' {charge}")

        await row.focus()
        await page.keyboard.press("Enter")
        await expect(page.get_by_role("heading", name="orders › charge")).to_be_visible()
        await expect(page.get_by_role("heading", name="Timeline")).to_be_visible()
        await expect(page.get_by_text("delivered").first).to_be_visible()
        await desk.axe()
        await desk.fits()
        await page.get_by_role("button", name="Close").click()
        await world.until(f"select status = 'resolved' {charge}")
        await expect(page.get_by_role("button", name="Open again")).to_be_visible()
        assert desk.said == []


async def test_a_session_that_ends_takes_nothing_that_was_typed(
    world: World, tmp_path: Path
) -> None:
    async with a_desk(world, tmp_path) as desk:
        page = desk.page
        await desk.sign_in()
        await page.get_by_role("link", name="Channels").click()
        await page.get_by_role("button", name="Add a channel").click()
        await page.get_by_label("Kind").select_option("E-mail")
        await page.get_by_role("textbox", name="Name", exact=True).fill("half typed")
        await page.get_by_label("Recipients").fill("ana@example.com")
        await page.context.clear_cookies()
        await page.get_by_role("button", name="Save").click()
        await expect(page.get_by_text("Your session has ended")).to_be_visible()
        await desk.axe()
        await page.get_by_role("textbox", name="Token").fill(token(world.owner))
        await page.get_by_role("button", name="Sign in").click()
        assert (
            await page.get_by_role("textbox", name="Name", exact=True).input_value() == "half typed"
        )
        await page.get_by_role("button", name="Save").click()
        await expect(page.get_by_role("heading", name="half typed")).to_be_visible()
        assert await world.value("select count(*) from public.alert_channels") == 1


async def test_a_server_that_goes_and_comes_back_costs_neither_the_list_nor_an_alert(
    world: World, tmp_path: Path
) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    path = os.environ.get("MESHHOOK_ALERTS_CHROMIUM") or shutil.which("chromium")
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        page = await browser.new_page()
        env = complete(world.url)
        async with serving(tmp_path / "first.log", env, port=port) as address:
            await world.fail(node="before")
            await world.until("select count(*) = 1 from public.alerts")
            desk = Desk(world, Post(), page, address, [])
            await desk.sign_in()
            await expect(page.get_by_role("link", name="orders › before")).to_be_visible()
            await expect(page.get_by_text("Live", exact=False).first).to_be_visible()
        await expect(page.get_by_text("Every 15 s")).to_be_visible(timeout=10_000)
        await world.fail(node="meanwhile")
        await page.get_by_role("button", name="Not in hand").click()
        await expect(page.get_by_text("the server cannot be asked")).to_be_visible()
        await expect(page.get_by_role("link", name="orders › before")).to_be_visible()
        await desk.axe()
        async with serving(tmp_path / "second.log", env, port=port):
            missed = page.get_by_role("link", name="orders › meanwhile")
            fresh = page.get_by_role("button", name="1 new: show")
            await expect(missed.or_(fresh)).to_be_visible(timeout=40_000)
            if await fresh.is_visible():
                await fresh.click()
            await expect(missed).to_be_visible()
            assert await page.get_by_role("link", name="orders › before").count() == 1
        await browser.close()


async def test_every_screen_in_both_themes_and_what_is_somebody_elses(
    world: World, tmp_path: Path
) -> None:
    async with a_desk(world, tmp_path) as desk:
        page = desk.page
        await desk.sign_in()
        other = await open_world(world.url)
        for path, heading in (
            ("/alerts/channels", "Channels"),
            ("/alerts/rules", "Rules"),
            ("/alerts/quiet", "Quiet"),
            ("/alerts/settings", "Settings"),
            (f"/alerts/a/{other.project_id}", "There is nothing here"),
            ("/alerts/nowhere", "There is nothing here"),
        ):
            await page.goto(desk.address + path)
            await expect(page.get_by_role("heading", name=heading, exact=True)).to_be_visible()
            await desk.axe()
            await desk.fits()
            await page.get_by_role("button", name="Switch to dark").click()
            await desk.axe()
            await page.get_by_role("button", name="Switch to light").click()
        await page.get_by_role("button", name="Sign out").click()
        await expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
        await desk.axe()


async def test_rules_and_quiet_periods_need_no_curl(world: World, tmp_path: Path) -> None:
    async with a_desk(world, tmp_path) as desk:
        page = desk.page
        await desk.sign_in()
        await page.get_by_role("link", name="Rules").click()
        await page.get_by_role("button", name="Add a rule").click()
        await page.get_by_role("textbox", name="Name").fill("payments")
        await page.get_by_role("textbox", name="Workflows").fill("orders\ninvoices*")
        await page.get_by_label("Error text").fill("HTTP (5")
        await page.get_by_role("button", name="Save").click()
        await expect(
            page.get_by_text("error_matches")
        ).to_be_visible()  # where it is wrong, and how
        await desk.axe()
        await page.get_by_label("Error text").fill("HTTP 5")
        await page.get_by_label("How often").select_option("after so many in a row")
        await page.get_by_role("button", name="Save").click()
        await expect(
            page.get_by_text("in orders, invoices*, with an error like “HTTP 5”, 3 in a row")
        ).to_be_visible()
        await desk.axe()
        await desk.fits()
        await page.get_by_role("link", name="Quiet").click()
        await page.get_by_role("button", name="Add a quiet period").click()
        await page.get_by_role("textbox", name="Name").fill("night")
        await page.get_by_label("Time zone").fill("Europe/Berlin")
        await desk.axe()
        await page.get_by_role("button", name="Save").click()
        await expect(
            page.get_by_text("every day, 22:00 to 07:00 on the next day, Europe/Berlin")
        ).to_be_visible()
        await page.get_by_role("button", name="Add a silence").click()
        await page.get_by_label("Why").fill("moving the shop")
        await desk.axe()
        await page.get_by_role("button", name="Silence", exact=True).click()
        await expect(page.get_by_text("moving the shop").first).to_be_visible()
        await desk.axe()
        document = await world.value(
            "select document from public.alert_settings where workflow is null"
        )
        assert document["rules"][0]["when"]["workflows"] == ["orders", "invoices*"]
        assert document["rules"][0]["after"] == {"in_a_row": 3}
        assert document["quiet_periods"][0]["time_zone"] == "Europe/Berlin"
        assert await world.value("select reason from public.alert_silences") == "moving the shop"


async def test_a_channel_is_set_up_in_its_own_form_and_its_secret_is_never_shown(
    world: World, tmp_path: Path
) -> None:
    async with a_desk(world, tmp_path) as desk:
        page = desk.page
        await desk.sign_in()
        await page.get_by_role("link", name="Channels").click()
        await page.get_by_role("button", name="Add a channel").click()
        await page.get_by_label("Kind").select_option("Slack (bot)")
        await page.get_by_role("textbox", name="Name", exact=True).fill("team chat")
        await page.get_by_label("Bot token").fill("xapp-1-wrong")
        await page.get_by_label("Channel id").fill("C0123456789")
        await page.get_by_role("button", name="Save").click()
        await expect(page.get_by_text("an app-level token").first).to_be_visible()
        await page.get_by_label("Bot token").fill("xoxb-1-2-sentinel")
        await page.get_by_role("button", name="Save").click()
        await expect(page.get_by_role("heading", name="team chat")).to_be_visible()
        await desk.axe()
        await page.get_by_role("button", name="Edit").click()
        assert await page.get_by_label("Bot token").input_value() == ""
        assert "sentinel" not in await page.content()
        await page.get_by_role("button", name="Cancel").click()
        row = (
            await world.rows(
                "select kind, config::text, secrets is not null as sealed from public.alert_channels"
            )
        )[0]
        assert (row["kind"], row["sealed"], "sentinel" in row["config"]) == (
            "slack_bot",
            True,
            False,
        )
        await page.get_by_role("button", name="Remove").click()
        await page.get_by_role("dialog").get_by_role("button", name="Remove").click()
        await world.until("select count(*) = 0 from public.alert_channels")
