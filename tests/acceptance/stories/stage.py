"""Where stories are played: `serve` as people start it, a clock that the story moves, settings by the API,
a mail server and a webhook receiver."""

from __future__ import annotations

import email
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from email.policy import default
from pathlib import Path
from typing import Any

import httpx

from tests.api_client import bearing, token
from tests.commands import complete
from tests.line import Receiver, World, a_receiver, at_rest
from tests.mail_server import Post, running
from tests.serving import serving
from tests.virtual_clock import VirtualClock

EVENING = datetime(2026, 10, 24, 18, tzinfo=UTC)
"""20:00 in Berlin, on the evening before the clocks go back."""


@dataclass
class Story:
    """One project, and all that people see of its alerts."""

    world: World
    clock: VirtualClock
    client: httpx.AsyncClient
    hook: Receiver
    post: Post
    _read: dict[str, int] = field(default_factory=lambda: {"hook": 0, "mail": 0})

    async def settings(self, **document: Any) -> None:
        """Posts settings, as the project's owner does."""
        answer = await self.client.post(
            "/api/alerts/settings", json={"project_id": str(self.world.project_id), **document}
        )
        assert answer.is_success, answer.text

    async def begin(self, **document: Any) -> None:
        """Posts settings with the story's two channels: the webhook ``board`` and the mail ``mail``. Nobody is
        reminded of anything unless the story says so."""
        board = {"url": self.hook.url, "secret": self.hook.secret}
        channels = [
            {"name": "board", "kind": "webhook", "config": board, **document.pop("board", {})},
            {"name": "mail", "kind": "email", "config": {"to": ["ops@example.com"]}, **document.pop("mail", {})},
        ]  # fmt: skip
        await self.settings(channels=channels, **{"reminders_seconds": [], **document})

    async def fail(self, *nodes: str, **more: Any) -> None:
        """Steps fail for good; then all that follows has followed."""
        for node in nodes:
            await self.world.fail(node=node, **more)
        await self.settle()

    async def recover(self, slug: str = "orders") -> None:
        """A later run of the workflow ends clean."""
        await self.after(seconds=2)
        run_id = await self.world.start_run(slug)
        await self.world.event(run_id, "run_completed")
        await self.world.execute(
            "update public.workflow_runs set status = 'succeeded', finished_at = now() where id = %s",
            run_id,
        )
        await self.settle()

    async def after(self, **length: float) -> None:
        """Time passes, and what comes of it."""
        await self.clock.pass_(timedelta(**length))
        await self.settle()

    async def at(self, hour: int, minute: int = 0, second: int = 0, *, days: int = 0) -> None:
        """It is that time of day (UTC) on ``days`` after the evening."""
        day = EVENING.replace(hour=0) + timedelta(days=days)
        await self.clock.set(day + timedelta(hours=hour, minutes=minute, seconds=second))
        await self.settle()

    async def settle(self) -> None:
        """Waits until nothing is left to decide or to send."""
        await at_rest(self.world)

    def board(self) -> list[dict[str, Any]]:
        """The webhook's messages since this was last asked."""
        new = self.hook.contents[self._read["hook"] :]
        self._read["hook"] += len(new)
        assert self.hook.unsigned == 0
        return new

    def mails(self) -> list[EmailMessage]:
        """The mails since this was last asked."""
        new = self.post.messages[self._read["mail"] :]
        self._read["mail"] += len(new)
        return [email.message_from_bytes(each, policy=default) for each in new]

    def told(self) -> list[tuple[str, str | None]]:
        """Type and node of the webhook's new messages, each of which is a mail as well."""
        new, mails = self.board(), self.mails()
        assert len(mails) == len(new), [each["subject"] for each in mails]
        return [(each["type"], (each["node"] or {}).get("id")) for each in new]

    async def reasons(self) -> dict[str, int]:
        """Reason → failures it was given for at the webhook, or for which there was none."""
        rows = await self.world.rows(
            "select reason, sum(count)::integer as n from public.alert_logs left join public.alert_channels c"
            " on c.id = channel_id where coalesce(c.name, 'board') = 'board' and effect <> 'outcome' group by 1"
        )
        return {row["reason"]: row["n"] for row in rows}


@asynccontextmanager
async def a_story(world: World, folder: Path) -> AsyncIterator[Story]:
    """A `serve` of its own, on the evening before the clocks change."""
    clock = VirtualClock(world.url)
    await clock.install()
    await clock.set(EVENING)
    async with running(Post()) as post, a_receiver() as hook:
        env = complete(
            world.url,
            MESHHOOK_ALERTS_SMTP_URL=f"smtp+plain://127.0.0.1:{post.port}",
            MESHHOOK_ALERTS_OUTBOUND_ALLOW="127.0.0.0/8",
            MESHHOOK_ALERTS_SWEEP_SECONDS="0.3",
            MESHHOOK_ALERTS_BASE_URL="https://alerts.example",
        )
        async with (
            serving(folder / "serve.log", env) as base,
            httpx.AsyncClient(base_url=base, headers=bearing(token(world.owner))) as client,
        ):
            yield Story(world, clock, client, hook, post)
