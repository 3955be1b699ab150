"""Sends by Apprise, in a process of its own that may do nothing but call addresses which the outbound guard lets through.

Apprise runs other people's plug-ins and opens its own connections; so it gets an empty environment, no way to write or to
start anything, and asks the guard, which stays here, before each connection.
"""

from __future__ import annotations

import asyncio
import os
import re
import sys
from asyncio.subprocess import PIPE, Process
from pathlib import Path
from typing import Any, ClassVar, cast
from uuid import UUID

import orjson
from pydantic import BaseModel

from meshhook_alerts.application.ports import ChannelTools, ForbiddenDestination, OutboundGuard
from meshhook_alerts.channels.apprise.config import AppriseConfig
from meshhook_alerts.channels.masking import detail
from meshhook_alerts.channels.wording import View, links_of, shorten, view_of
from meshhook_alerts.domain.delivery import Ambiguous, Delivered, Outcome, Rejected, TryAgain
from meshhook_alerts.domain.message import Content

SECONDS = 30.0
"""How long a message may take, start of the process included."""
AT_ONCE = 4
"""Processes at a time: each takes some forty megabytes."""
_CHILD = Path(__file__).with_name("child.py")
_LINE = 1024 * 1024  # bytes of one line from the other process
_TYPES = {"good": "success", "info": "info", "warning": "warning"}
_STATUS = re.compile(r"error=(\d{3})\b")
_PASSING = frozenset({408, 425, 429})
_PARTS = re.compile(r"[/:@?&=#,]+")
_SHORTEST = 6  # characters of a piece of an address that may be a secret


class AppriseChannel:
    """The channel kind ``apprise``."""

    kind: ClassVar[str] = "apprise"
    title: ClassVar[str] = "Apprise"
    config_model: ClassVar[type[BaseModel]] = AppriseConfig

    def __init__(self) -> None:
        self._places = asyncio.Semaphore(AT_ONCE)

    async def check(self, config: BaseModel, tools: ChannelTools) -> None:
        """Raises ``ForbiddenDestination`` for an address that Apprise cannot read. Whom it calls is asked of the guard
        when it does."""
        answer = await self._ask({"url": cast(AppriseConfig, config).url}, tools.guard)
        if answer.get("readable") is not True:
            raise ForbiddenDestination(
                "Apprise cannot read this address: compare it with the page of the service at github.com/caronc/apprise"
            )

    async def send(
        self, notification_id: UUID, content: Content, config: BaseModel, tools: ChannelTools
    ) -> Outcome:
        """Sends once. A repeat after a lost answer may show twice: Apprise knows no idempotency."""
        settings = cast(AppriseConfig, config)
        view = view_of(content)
        message = {
            "url": settings.url,
            "title": view.subject,
            "body": body_of(view),
            "type": _TYPES.get(view.severity, "failure"),
        }
        outcome = outcome_of(await self._ask(message, tools.guard))
        hidden = [part for part in _PARTS.split(settings.url) if len(part) >= _SHORTEST]
        said = detail(outcome.detail, settings, *hidden)
        return type(outcome)(said) if not isinstance(outcome, Rejected) else Rejected(said)

    async def _ask(self, question: dict[str, Any], guard: OutboundGuard) -> dict[str, Any]:
        """The other process's last word."""
        async with self._places:
            process = await asyncio.create_subprocess_exec(
                sys.executable, "-I", str(_CHILD), stdin=PIPE, stdout=PIPE, stderr=asyncio.subprocess.DEVNULL,
                env={"PATH": os.defpath, "LANG": "C.UTF-8"}, limit=_LINE,
            )  # fmt: skip
            try:
                async with asyncio.timeout(SECONDS):
                    return await _conversation(process, question, guard)
            except TimeoutError:
                return {"sent": True, "said": f"No end after {SECONDS:.0f} s"}
            finally:
                if process.returncode is None:
                    process.kill()
                await process.wait()


async def _conversation(
    process: Process, question: dict[str, Any], guard: OutboundGuard
) -> dict[str, Any]:
    """Tells the other process what to do, and it whom it may call, until it has done."""
    assert process.stdin
    assert process.stdout
    process.stdin.write(orjson.dumps(question) + b"\n")
    refused = ""
    async for line in process.stdout:
        said: dict[str, Any] = orjson.loads(line)
        if "dial" not in said:
            return {**said, "refused": refused}
        try:
            await guard.resolve(str(said["dial"]), int(said["port"]))
            process.stdin.write(b"yes\n")
        except (ForbiddenDestination, OSError) as refusal:
            refused = str(refusal)
            process.stdin.write(b"no\n")
    return {"said": "Apprise ended without a word", "refused": refused}


def outcome_of(answer: dict[str, Any]) -> Outcome:
    """What Apprise's answer means: it says little more than yes or no, and logs the status."""
    said = str(answer.get("said") or "It was not sent, and Apprise does not say why")
    if answer.get("delivered") is True:
        return Delivered("Apprise says that it was sent")
    if answer.get("readable") is False:
        return Rejected("Apprise cannot read the address")
    if refused := answer.get("refused"):
        return Rejected(str(refused))
    if found := _STATUS.search(said):
        status = int(found[1])
        if status in _PASSING or status >= 500:
            return TryAgain(said)
        return Rejected(said)
    return Ambiguous(said) if answer.get("sent") else TryAgain(said)


def body_of(view: View) -> str:
    """The message as plain text."""
    said = " ".join(part for part in (view.happened, view.progress) if part)
    facts = "\n".join(f"{fact.label}: {shorten(fact.value, 120)}" for fact in view.facts)
    links = "\n".join(f"{label}: {url}" for label, url in links_of(view))
    parts = (view.state, said, shorten(view.error, 1_500), view.hint, facts, links, view.why)
    return "\n\n".join(part for part in parts if part)
