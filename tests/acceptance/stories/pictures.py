"""Pictures of the messages of an alert's life, for the docs: ``.venv/bin/python -m tests.acceptance.stories.pictures``.

Played as the stories are, with a real `serve` and a clock that is moved; each picture is a mail as it arrived."""

from __future__ import annotations

import asyncio
import os
import shutil
import tempfile
from pathlib import Path
from typing import Any

import psycopg
from playwright.sync_api import sync_playwright

from meshhook_alerts.adapters.embedded_postgres import EmbeddedPostgres
from tests.acceptance.stories.stage import Story, a_story
from tests.line import build_line, open_world

FOLDER = Path(__file__).parents[3] / "docs" / "images"
WIDTH = 640
DECLINED = "Error: card declined: HTTP 402 insufficient funds"
REFUSED = "Error: connect ECONNREFUSED 10.0.0.5:443"


async def play(url: str, folder: Path) -> dict[str, str]:
    """Name → HTML of each message, and of the page behind a link."""
    world = await open_world(url)
    async with a_story(world, folder) as story:
        await story.begin(
            reminders_seconds=[3600],
            rules=[{"name": "All failures", "channels": ["board"]}],
            escalation=[{"after_seconds": 900, "channels": ["mail"]}],
        )
        pages = {}
        await story.fail("charge-card", error=DECLINED)
        await story.after(minutes=16)
        pages["escalated"] = _html(story)
        await story.settings(rules=[{"name": "All failures", "channels": []}])
        await story.fail("charge-card", "charge-card", error=DECLINED)
        await story.after(minutes=31)
        pages["update"] = _html(story)
        await story.after(minutes=61)
        reminder = story.mails()[-1]
        pages["reminder"] = reminder.get_body(("html",)).get_content()  # type: ignore[union-attr]
        text = reminder.get_body(("plain",)).get_content()  # type: ignore[union-attr]
        link = next(line for line in text.splitlines() if line.startswith("Acknowledge:"))
        pages["link"] = (await story.client.get(link.partition("alerts.example")[2])).text
        await _resolve(story)
        pages["closed"] = _html(story)
        await story.settings(quiet_periods=[{"name": "night", "from": "20:00", "to": "06:00"}])
        await story.fail("ship", error="Error: HTTP 503 Service Unavailable")
        story.mails()
        await story.recover()
        pages["recovered"] = _html(story)
        await story.after(hours=1)
        for node in ("reserve", "print", "print"):
            await story.fail(node, error=REFUSED)
        await story.after(hours=11)
        pages["digest"] = _html(story)
        return pages


def _html(story: Story) -> str:
    html: Any = story.mails()[-1].get_body(("html",))
    return str(html.get_content())


async def _resolve(story: Story) -> None:
    found = (await story.client.get("/api/alerts", params={"state": "firing"})).json()["alerts"]
    await story.client.post("/api/alerts/resolve", json={"ids": [each["id"] for each in found]})
    await story.settle()


def main() -> None:
    """Plays, and takes them."""
    folder = Path(tempfile.mkdtemp())
    folder.chmod(0o711)
    with EmbeddedPostgres(folder / "postgres", durable=False) as server:
        with psycopg.connect(server.url, autocommit=True) as connection:
            for role in ("anon", "authenticated", "service_role"):
                connection.execute(f"create role {role} nologin".encode())
            connection.execute("create database pictures")
        url = server.url.rpartition("/")[0] + "/pictures"
        asyncio.run(build_line(url))
        pages = asyncio.run(play(url, folder))
    program = os.environ.get("MESHHOOK_ALERTS_CHROMIUM") or shutil.which("chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
        for name, html in pages.items():
            page = browser.new_page(viewport={"width": WIDTH, "height": 400})
            page.set_content(html)
            page.screenshot(path=str(FOLDER / f"life-{name}.png"), full_page=True)
            print(f"wrote docs/images/life-{name}.png")
        browser.close()
    shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
