"""The dashboard on a bad night: ten thousand alerts, a server that is slow, busy, without its database, or newer than the
page. Whatever happens is said in words, with a way on, and nothing that was there is taken away."""

from __future__ import annotations

import os
import re
import shutil
import signal
import time
from pathlib import Path

import psycopg
import pytest
from playwright.async_api import expect

from tests.e2e.test_dashboard import Desk, a_desk
from tests.integration.test_password_sign_in import PASSWORD, a_supabase
from tests.line import World

pytestmark = [pytest.mark.browser, pytest.mark.postgres]

MANY = 10_000
_ALERTS = """
insert into public.alerts (id, project_id, fingerprint, fingerprint_version, kind, class, severity, status, workflow, node_id,
                           error, error_class, evidence, count, opened_at, last_failure_at)
select gen_random_uuid(), %s, n::text, 1, 'retries_exhausted', 'terminal',
       (array['info','warning','error','critical'])[1 + n %% 4], 'firing', 'orders', 'node-' || n, 'Error: HTTP 503',
       'server_error', '{}', n, now() - n * interval '1 min', now() - n * interval '1 s'
from generate_series(1, %s) n
"""


async def test_ten_thousand_alerts_are_paged_found_and_taken_in_hand(
    world: World, tmp_path: Path
) -> None:
    columns = {
        row["column_name"]
        for row in await world.rows(
            "select column_name from information_schema.columns where table_name = 'alerts'"
            " and is_nullable = 'NO' and column_default is null"
        )
    }
    named = set(re.findall(r"\w+", _ALERTS.partition("(")[2].partition(")")[0]))
    assert columns <= named, columns - named
    await world.execute(_ALERTS, world.project_id, MANY)
    async with a_desk(world, tmp_path) as desk:
        page = desk.page
        began = time.monotonic()
        await desk.sign_in()
        await expect(page.locator("[data-row]")).to_have_count(50, timeout=10_000)
        print(f"the first 50 of {MANY} alerts: {time.monotonic() - began:.1f} s after the address")
        await expect(page.get_by_role("button", name="10,000 All open")).to_be_visible()
        for number in (2, 3, 4):
            await page.get_by_role("button", name="Show more").click()
            await expect(page.locator("[data-row]")).to_have_count(50 * number)
        await desk.fits()
        await desk.axe()
        await page.get_by_role("searchbox").fill("node-9876")
        await expect(page.locator("[data-row]")).to_have_count(1)
        await page.get_by_role("searchbox").fill("")
        await page.get_by_label("Severity").select_option("critical")
        await expect(page.locator("[data-row]")).to_have_count(50)
        await page.get_by_label("Select all").check()
        await expect(page.get_by_text("50 selected")).to_be_visible()
        await world.fail(node="new one", error="Error: HTTP 503")  # while there is so much
        await expect(page.get_by_role("button", name="10,001 All open")).to_be_visible(
            timeout=10_000
        )
        assert desk.said == []


async def _shown(desk: Desk) -> None:
    await desk.sign_in()
    await desk.world.fail(node="before")
    await expect(desk.page.get_by_role("link", name="orders › before")).to_be_visible(timeout=5_000)


async def test_a_server_that_is_slow_is_said_to_be_and_waited_for(
    world: World, tmp_path: Path
) -> None:
    async with a_desk(world, tmp_path) as desk:
        page = desk.page
        await _shown(desk)
        process = _process_of(desk)
        os.kill(process, signal.SIGSTOP)
        try:
            await page.get_by_role("button", name="Not in hand").click()
            await expect(page.get_by_text("the server cannot be asked")).to_be_visible(
                timeout=20_000
            )
            await expect(page.get_by_role("link", name="orders › before")).to_be_visible()
            await page.get_by_role("link", name="orders › before").click()
            await expect(page.get_by_text("The server did not answer in time.")).to_be_visible(
                timeout=20_000
            )
            await desk.axe()
        finally:
            os.kill(process, signal.SIGCONT)
        await page.get_by_role("button", name="Try again").click()
        await expect(page.get_by_role("heading", name="Timeline")).to_be_visible(timeout=20_000)


def _process_of(desk: Desk) -> int:
    """The server's, by the port that its command line was given or the socket it listens on."""
    port = int(desk.address.rpartition(":")[2])
    for line in Path("/proc/net/tcp").read_text().splitlines()[1:]:
        fields = line.split()
        if int(fields[1].rpartition(":")[2], 16) == port and fields[3] == "0A":
            inode = f"socket:[{fields[9]}]"
            for link in Path("/proc").glob("[0-9]*/fd/*"):
                try:
                    if os.readlink(link) == inode:
                        return int(link.parts[2])
                except OSError:
                    continue
    raise AssertionError("nobody listens there")


async def test_a_database_that_is_away_is_said_to_be(world: World, tmp_path: Path) -> None:
    async with a_desk(world, tmp_path) as desk:
        page = desk.page
        await _shown(desk)
        name = world.url.rpartition("/")[2].partition("?")[0]
        admin = world.url.replace(f"/{name}", "/postgres")
        await _allow(admin, name, connections=False)
        try:
            await page.get_by_role("button", name="Not in hand").click()
            await expect(page.get_by_role("alert")).to_be_visible(timeout=20_000)
            await expect(page.get_by_role("link", name="orders › before")).to_be_visible()
            await desk.axe()
        finally:
            await _allow(admin, name, connections=True)
        await page.get_by_role("link", name="Rules").click()
        await page.get_by_role("button", name="Add a rule").click(timeout=30_000)
        await page.get_by_role("textbox", name="Name").fill("typed at three in the morning")
        await _allow(admin, name, connections=False)
        try:
            await page.get_by_role("button", name="Save").click()
            await page.wait_for_timeout(2_000)
            field = page.get_by_role("textbox", name="Name")
            assert await field.input_value() == "typed at three in the morning"
        finally:
            await _allow(admin, name, connections=True)
        saved = page.get_by_role("heading", name="typed at three in the morning")
        save = page.get_by_role("button", name="Save")
        for _ in range(
            20
        ):  # it is saved once the service has its database again; or is refused, and tried again
            if await save.count() and await save.is_enabled():
                await save.click()
            await page.wait_for_timeout(1_500)
            if await saved.count():
                break
        await expect(saved).to_be_visible()
        await page.get_by_role("link", name="Inbox").click()
        await page.get_by_role("button", name="All open").click()
        await expect(page.get_by_role("alert")).to_have_count(0, timeout=30_000)


async def _allow(url: str, name: str, *, connections: bool) -> None:
    async with await psycopg.AsyncConnection.connect(url, autocommit=True) as admin:
        word = "true" if connections else "false"
        await admin.execute(f'alter database "{name}" allow_connections {word}'.encode())
        if not connections:
            await admin.execute(
                "select pg_terminate_backend(pid) from pg_stat_activity where datname = %s", (name,)
            )


async def test_asked_too_often_it_says_so_and_goes_on(world: World, tmp_path: Path) -> None:
    async with a_desk(world, tmp_path, MESHHOOK_ALERTS_REQUESTS_PER_MINUTE="30") as desk:
        page = desk.page
        await _shown(desk)
        for number in range(40):
            await page.get_by_role("searchbox").fill(f"{number}")
            await page.wait_for_timeout(300)
            if await page.get_by_role("alert").count():
                break
        await expect(page.get_by_role("alert")).to_contain_text("requests a minute")
        await desk.axe()


async def test_a_server_newer_than_the_page_takes_nothing_that_was_typed(
    world: World, tmp_path: Path
) -> None:
    """A release puts new files in the place of the old ones while somebody has the old page open."""
    source = Path(__file__).parents[3]
    package = tmp_path / "newer" / "meshhook_alerts"
    shutil.copytree(source / "src" / "meshhook_alerts", package)
    build = package / "dashboard_build"
    shutil.copytree(source / "dashboard" / "build", build)
    shutil.copytree(source / "supabase" / "migrations", package / "migrations")
    async with a_desk(world, tmp_path, PYTHONPATH=str(package.parent)) as desk:
        page = desk.page
        await desk.sign_in()
        await page.get_by_role("link", name="Channels").click()
        await page.get_by_role("button", name="Add a channel").click()
        await page.get_by_role("textbox", name="Name", exact=True).fill("half typed")
        (build / "_app" / "version.json").write_text('{"version":"newer"}')
        for name in ("version.json.br", "version.json.gz"):
            (build / "_app" / name).unlink(missing_ok=True)
        await expect(page.get_by_text("The dashboard has been renewed")).to_be_visible(
            timeout=75_000
        )
        assert (
            await page.get_by_role("textbox", name="Name", exact=True).input_value() == "half typed"
        )
        await desk.axe()
        await page.get_by_role("link", name="Quiet").click()
        await expect(page.get_by_role("heading", name="Quiet")).to_be_visible()
        gone = await page.request.get(f"{desk.address}/alerts/_app/immutable/nodes/0.gone.js")
        assert gone.status == 404
        assert "another version" in await gone.text()


async def test_a_session_as_in_meshhook_is_renewed_before_it_ends(
    world: World, tmp_path: Path
) -> None:
    async with (
        a_supabase(world) as supabase,
        a_desk(world, tmp_path, SUPABASE_URL=supabase.url, SUPABASE_ANON_KEY="public",
               MESHHOOK_ALERTS_OUTBOUND_ALLOW="127.0.0.0/8") as desk,
    ):  # fmt: skip
        page = desk.page
        supabase.life = 36
        await page.goto(f"{desk.address}/alerts/")
        await page.get_by_label("E-mail address").fill("ana@example.com")
        await page.get_by_label("Password").fill(PASSWORD)
        await page.get_by_role("button", name="Sign in", exact=True).click()
        await expect(page.get_by_role("heading", name="Inbox")).to_be_visible()
        await page.wait_for_timeout(45_000)
        assert [each["grant"] for each in supabase.asked][:2] == ["password", "refresh_token"]
        await page.get_by_role("link", name="Settings").click()
        await expect(page.get_by_role("heading", name="Escalation")).to_be_visible()
        await world.fail(node="after")
        await page.get_by_role("link", name="Inbox").click()
        await expect(page.get_by_role("link", name="orders › after")).to_be_visible(timeout=20_000)
