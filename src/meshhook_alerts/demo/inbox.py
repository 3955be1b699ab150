"""A real SMTP server on loopback, as the demo's mailbox."""

from __future__ import annotations

import asyncio
import email
import email.policy
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from email.message import EmailMessage
from typing import Any, cast

from aiosmtpd.smtp import SMTP, Envelope, Session

from meshhook_alerts.demo.spool import Spool


class _Handler:
    """Takes every message in."""

    def __init__(self, spool: Spool) -> None:
        self._spool = spool

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        """Called by aiosmtpd when a message is complete."""
        raw = cast(bytes, envelope.original_content)
        message = cast(
            EmailMessage, email.message_from_bytes(raw, policy=cast(Any, email.policy.default))
        )
        self._spool.add(
            {
                "to": list(envelope.rcpt_tos),
                "from": str(message["from"]),
                "subject": str(message["subject"]),
                "id": str(message["message-id"]),
                "text": _part(message, "plain"),
                "html": _part(message, "html"),
            }
        )
        return "250 Kept for the demo"


def _part(message: EmailMessage, kind: str) -> str:
    part = message.get_body((kind,))
    return str(part.get_content()) if part else ""


@asynccontextmanager
async def mail_server(spool: Spool) -> AsyncIterator[int]:
    """Listens on a free port of 127.0.0.1 while the block runs; yields the port."""
    loop = asyncio.get_running_loop()
    server = await loop.create_server(
        lambda: SMTP(_Handler(spool), hostname="localhost", loop=loop), "127.0.0.1", 0
    )
    try:
        yield int(server.sockets[0].getsockname()[1])
    finally:
        server.close()
        await server.wait_closed()
