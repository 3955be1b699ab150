"""Pictures of the dashboard, for the docs and for whoever polishes it: ``.venv/bin/python -m tests.e2e.pictures``."""

from __future__ import annotations

import asyncio
import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path

from meshhook_alerts.adapters.embedded_postgres import EmbeddedPostgres
from tests.e2e.test_dashboard import Desk, a_desk
from tests.line import World, build_line, open_world

FOLDER = Path(__file__).parents[2] / "docs" / "images"
FAILURES = (
    ("orders", "charge_card", "Error: HTTP 503 Service Unavailable", 7),
    ("orders", "reserve_stock", "Error: connect ETIMEDOUT 10.0.0.5:443", 2),
    ("invoices", "send_pdf", "TypeError: Cannot read properties of undefined (reading 'total')", 5),
    ("reports", "upload", "Error: HTTP 429 Too Many Requests", 1),
)


async def play(world: World, desk: Desk) -> str:
    """Some failures, told by mail; the id of one alert."""
    await desk.sign_in()
    await desk.page.get_by_label("Your address").fill("ana@example.com")
    await desk.page.get_by_role("button", name="Turn on alerts").click()
    for slug, node, error, times in FAILURES:
        for _ in range(times):
            await world.fail(slug, error=error, node=node)
    await world.until("select count(*) = 4 and sum(count) = 15 from public.alerts")
    await world.until(
        "select count(*) > 3 and bool_and(state = 'delivered') from public.alert_notifications"
    )
    alert: str = str(
        await world.value("select id from public.alerts where node_id = 'charge_card'")
    )
    return alert


async def main(folder: Path, every: bool) -> None:
    """Takes them; ``every``: at each width and in both themes."""
    with tempfile.TemporaryDirectory() as data, ExitStack() as stack:
        Path(data).chmod(0o711)
        server = stack.enter_context(EmbeddedPostgres(data=Path(data, "pg")))
        await build_line(server.url)
        world = await open_world(server.url)
        async with a_desk(world, Path(data)) as desk:
            alert = await play(world, desk)
            screens = {"inbox": "/alerts/", "alert": f"/alerts/a/{alert}", "channels": "/alerts/channels",
                       "settings": "/alerts/settings",
                       "rules": "/alerts/rules", "quiet": "/alerts/quiet"}  # fmt: skip
            for name, path in screens.items():
                for width in (320, 768, 1280) if every else (1280,):
                    for theme in ("light", "dark") if every else ("light",):
                        await desk.page.set_viewport_size({"width": width, "height": 900})
                        await desk.page.evaluate(
                            f"localStorage.setItem('meshhook-theme', '{theme}')"
                        )
                        await desk.page.goto(desk.address + path)
                        await desk.page.wait_for_timeout(700)
                        end = f"-{width}-{theme}" if every else ""
                        await desk.page.screenshot(
                            path=str(folder / f"dashboard-{name}{end}.png"), full_page=every
                        )


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]) if len(sys.argv) > 1 else FOLDER, every=len(sys.argv) > 1))
