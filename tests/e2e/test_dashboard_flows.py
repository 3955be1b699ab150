"""More of what people do with the dashboard: by keyboard, by a link in a message, as in MeshHook, with settings, with a mail
server that refuses. As in `test_dashboard`, nothing is intercepted, and each ends by reading the database or the mailbox."""

from __future__ import annotations

import email
import email.policy
import re
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import expect

from tests.api_client import token
from tests.e2e.test_dashboard import Desk, a_desk
from tests.integration.test_password_sign_in import PASSWORD, a_supabase
from tests.line import World, open_world

pytestmark = [pytest.mark.browser, pytest.mark.postgres]


async def turn_on(desk: Desk) -> None:
    """E-mail to Ana, as the first card offers it."""
    await desk.sign_in()
    await desk.page.get_by_label("Your address").fill("ana@example.com")
    await desk.page.get_by_role("button", name="Turn on alerts").click()
    await expect(desk.page.get_by_role("button", name="Send a test")).to_be_visible()


async def test_acknowledge_snooze_and_undo_by_the_keyboard_alone(
    world: World, tmp_path: Path
) -> None:
    async with a_desk(world, tmp_path) as desk:
        page = desk.page
        await turn_on(desk)
        await world.fail(node="charge")
        row = page.get_by_role("link", name="orders › charge")
        await expect(row).to_be_visible(timeout=5_000)
        await page.locator("main").focus()
        await page.keyboard.press("j")
        await expect(row).to_be_focused()
        await page.keyboard.press("a")
        await expect(page.get_by_text("Acknowledged until")).to_be_visible()
        await page.keyboard.press("u")
        await expect(page.get_by_text("in nobody’s hand")).to_be_visible()
        await world.until("select status = 'firing' from public.alerts")
        await row.focus()
        await page.keyboard.press("s")
        await page.keyboard.press("Tab")
        await page.keyboard.press("Enter")
        await expect(page.get_by_text("Snoozed until")).to_be_visible()
        await world.until("select status = 'snoozed' from public.alerts")
        await page.keyboard.press("g")
        await page.keyboard.press("r")
        await expect(page.get_by_role("heading", name="Rules")).to_be_visible()
        await page.keyboard.press("n")
        await page.get_by_role("textbox", name="Name").fill(
            "by keys: n s g"
        )  # letters stay letters
        await page.keyboard.press("Control+s")
        await expect(page.get_by_role("heading", name="by keys: n s g")).to_be_visible()
        await page.keyboard.press("?")
        await page.get_by_label("Single keys are on").uncheck()
        await page.keyboard.press("Escape")
        await page.keyboard.press("g")
        await page.keyboard.press("i")
        await expect(page.get_by_role("heading", name="Rules")).to_be_visible()
        acts = await world.rows("select kind from public.alert_acts order by at")
        assert [each["kind"] for each in acts] == ["acknowledge", "reopen", "snooze"]
        # An alert is opened of which nothing has been heard lately.
        await page.goto(f"{desk.address}/alerts/")
        await expect(row).to_be_visible()
        await world.fail(node="another")
        await expect(page.get_by_role("button", name="1 new: show")).to_be_visible(timeout=5_000)
        await row.click()
        await expect(page.get_by_role("heading", name="Timeline")).to_be_visible()
        assert desk.said == []


async def test_a_mail_server_that_refuses_is_quoted_and_nothing_is_called_good(
    world: World, tmp_path: Path
) -> None:
    async with a_desk(world, tmp_path) as desk:
        page = desk.page
        desk.post.by_recipient["ana@example.com"] = "550 5.1.1 no such user here"
        await turn_on(desk)
        await page.get_by_role("button", name="Send a test").click()
        await expect(page.get_by_text("550 5.1.1 no such user here").first).to_be_visible(
            timeout=20_000
        )
        assert await page.get_by_role("button", name="It arrived").count() == 0
        await page.goto(f"{desk.address}/alerts/channels")
        await expect(page.get_by_text("Takes no messages")).to_be_visible()
        assert desk.post.messages == []


async def test_a_link_in_a_message_acknowledges_once_and_only_by_its_button(
    world: World, tmp_path: Path
) -> None:
    base = "https://alerts.example"
    async with a_desk(world, tmp_path, MESHHOOK_ALERTS_BASE_URL=base) as desk:
        page = desk.page
        await turn_on(desk)
        await world.fail(node="charge")
        await world.until("select bool_and(state = 'delivered') from public.alert_notifications")
        link = f"{desk.address}{_act_link(desk.post.messages[-1])}"
        await page.context.clear_cookies()  # on a telephone, where nobody is signed in
        sizes: list[int] = []
        page.on("response", lambda answer: sizes.append(int(answer.headers["content-length"])))
        await page.set_viewport_size({"width": 320, "height": 640})
        for _ in range(2):  # a scanner, then the reader
            await page.goto(link)
            await expect(
                page.get_by_role("heading", name="Acknowledge this alert?")
            ).to_be_visible()
        assert sum(sizes) < 2 * 25 * 1024  # the whole of the page
        await desk.axe()
        assert await world.value("select status from public.alerts") == "firing"
        await page.get_by_role("button", name="Acknowledge").click()
        await expect(page.get_by_text("Acknowledged until")).to_be_visible()
        await world.until("select status = 'acknowledged' from public.alerts")
        await page.goto(link)
        await expect(page.get_by_role("heading", name="This link has been used")).to_be_visible()
        forwarded = re.sub(r"t=[^&]+", "t=somebody-elses", link)
        await page.goto(forwarded)
        await expect(page.get_by_role("heading", name="This link leads nowhere")).to_be_visible()
        assert await world.value("select count(*) from public.alert_acts") == 1
        await page.goto(f"{desk.address}/alerts/")  # a link is no session
        await expect(page.get_by_role("heading", name="Sign in")).to_be_visible()


def _act_link(raw: bytes) -> str:
    message: Any = email.message_from_bytes(raw, policy=email.policy.default)
    text = message.get_body(("plain",)).get_content()
    found = re.search(r"https?://[^/\s]+(/alerts/a/[^\s]+/acknowledge\?[^\s]+)", text)
    assert found, text
    return found[1]


async def test_people_sign_in_as_in_meshhook(world: World, tmp_path: Path) -> None:
    async with (
        a_supabase(world) as supabase,
        a_desk(world, tmp_path, SUPABASE_URL=supabase.url, SUPABASE_ANON_KEY="public",
               MESHHOOK_ALERTS_OUTBOUND_ALLOW="127.0.0.0/8") as desk,
    ):  # fmt: skip
        page = desk.page
        await page.goto(f"{desk.address}/alerts/")
        await page.get_by_label("E-mail address").fill("ana@example.com")
        await page.get_by_label("Password").fill("wrong")
        await page.get_by_role("button", name="Sign in", exact=True).click()
        await expect(page.get_by_text("do not fit")).to_be_visible()
        await desk.axe()
        await page.get_by_label("Password").fill(PASSWORD)
        await page.get_by_role("button", name="Sign in", exact=True).click()
        await expect(page.get_by_role("heading", name="Inbox")).to_be_visible()
        assert await page.get_by_label("Your address").input_value() == "ana@example.com"
        cookies = {each["name"]: each for each in await page.context.cookies()}
        assert all(each["httpOnly"] for each in cookies.values())
        assert await page.evaluate("document.cookie") == ""
        assert PASSWORD not in await page.content()
        assert [each["grant"] for each in supabase.asked] == ["password", "password"]


async def test_every_setting_has_a_field_and_says_where_it_comes_from(
    world: World, tmp_path: Path
) -> None:
    async with a_desk(world, tmp_path) as desk:
        page = desk.page
        await turn_on(desk)
        await page.goto(f"{desk.address}/alerts/settings")

        def setting(name: str) -> Any:
            return page.get_by_role("group", name=name)

        cooldown = setting("Least time between two messages about one alert")
        await expect(cooldown.get_by_text("the product’s default")).to_be_visible()
        await cooldown.get_by_role("spinbutton").fill("45")
        await cooldown.get_by_role("spinbutton").press("Tab")
        await expect(cooldown.get_by_text("set for the project")).to_be_visible()
        reminders = setting("Remind while nobody has it in hand").get_by_role("textbox")
        await reminders.fill("2 h, 1 d")
        await reminders.press("Tab")
        await setting("Who else is told").get_by_role("button", name="Add a step").click()
        await expect(setting("Who else is told").get_by_text("After")).to_be_visible()
        await setting("Speak up from a share").get_by_label("Percent").fill("25")
        await setting("Speak up from a share").get_by_label("Percent").press("Tab")
        await expect(setting("Speak up from a share").get_by_text("within")).to_be_visible()
        canceled = setting("Kinds of failure").get_by_label("run was canceled")
        looked_for = await canceled.is_checked()
        await canceled.set_checked(not looked_for)
        await world.until(
            "select document -> 'detect' is not null from public.alert_settings where workflow is null"
        )
        document = await world.value(
            "select document from public.alert_settings where workflow is null"
        )
        assert document["cooldown_seconds"] == 45 * 60
        assert document["reminders_seconds"] == [7_200, 86_400]
        assert document["escalation"] == [{"after_seconds": 900, "channels": ["E-mail"]}]
        assert document["failure_rate"]["percent"] == 25
        assert list(document["detect"].values()) == [not looked_for]

        # A workflow says otherwise, and says so; what it says can be taken back.
        await page.get_by_role("combobox", name="Workflow").select_option("orders")
        await expect(cooldown.get_by_text("set for the project")).to_be_visible()
        await cooldown.get_by_role("spinbutton").fill("5")
        await cooldown.get_by_role("spinbutton").press("Tab")
        await expect(cooldown.get_by_text("set for this workflow")).to_be_visible()
        await cooldown.get_by_role("button", name="Use what holds above").click()
        await expect(cooldown.get_by_text("set for the project")).to_be_visible()
        await expect(cooldown.get_by_role("spinbutton")).to_have_value("45")
        assert desk.said == []


async def test_what_is_somebody_elses_is_not_there(world: World, tmp_path: Path) -> None:
    other = await open_world(world.url)
    async with a_desk(world, tmp_path) as desk:
        page = desk.page
        await turn_on(desk)
        await other.fail(node="secret-node")
        secret = "from public.alerts where node_id = 'secret-node'"
        await world.until(f"select count(*) = 1 {secret}")
        theirs = await world.value(f"select id {secret}")
        await page.goto(f"{desk.address}/alerts/a/{theirs}")
        await expect(page.get_by_role("heading", name="There is nothing here")).to_be_visible()
        await page.goto(f"{desk.address}/alerts/?project={other.project_id}")
        await expect(page.get_by_text("No alert matches.")).to_be_visible()
        for path in ("settings?workflow=nowhere", "quiet", "rules", "channels"):
            await page.goto(f"{desk.address}/alerts/{path}")
            await page.wait_for_timeout(300)
            assert "secret-node" not in await page.content()
        await page.goto(f"{desk.address}/alerts/settings?workflow=nowhere")
        await expect(page.get_by_role("heading", name="There is nothing here")).to_be_visible()
        assert await page.get_by_label("Project", exact=True).count() == 0
        assert await world.value(f"select status {secret}") == "firing"


async def test_the_next_reader_at_the_same_screen_sees_nothing_of_the_last(
    world: World, tmp_path: Path
) -> None:
    other = await open_world(world.url)
    async with a_desk(world, tmp_path) as desk:
        page = desk.page
        await turn_on(desk)
        await world.fail(node="of-ana")
        await world.until("select count(*) = 1 from public.alerts where node_id = 'of-ana'")
        await page.goto(f"{desk.address}/alerts/")
        await expect(page.get_by_role("link", name="orders › of-ana")).to_be_visible()
        await page.get_by_role("link", name="Channels").click()
        await page.get_by_role("button", name="Add a channel").click()
        await page.get_by_role("textbox", name="Name", exact=True).fill("typed by ana")
        await page.context.clear_cookies()  # her session ends, and somebody else sits down
        await page.get_by_role("button", name="Save").click()
        await page.get_by_role("textbox", name="Token").fill(token(other.owner))
        await page.get_by_role("button", name="Sign in").click()
        await expect(page.get_by_role("heading", name="Channels")).to_be_visible()
        assert await page.get_by_role("textbox", name="Name", exact=True).count() == 0
        await page.get_by_role("link", name="Inbox").click()
        await expect(page.get_by_role("heading", name="Inbox")).to_be_visible()
        assert "of-ana" not in await page.content()
        await page.get_by_role("button", name="Sign out").click()
        await expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
        rows = await world.rows("select project_id from public.alert_channels")
        assert [each["project_id"] for each in rows] == [world.project_id]
