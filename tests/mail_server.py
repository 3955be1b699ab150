"""A real SMTP server that behaves as a test wants it to."""

from __future__ import annotations

import asyncio
import secrets
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, cast

from aiosmtpd.smtp import SMTP, AuthResult


@dataclass
class Post:
    """A mail server: what it answers, and what it got."""

    port: int = 0
    by_recipient: dict[str, str] = field(default_factory=dict)
    after_data: str = "250 OK"
    hang_up_at: str = ""
    """``RCPT`` or ``DATA``: where the connection is dropped."""
    silent_at: str = ""
    password: str = field(default_factory=lambda: secrets.token_hex(8))
    messages: list[bytes] = field(default_factory=list)
    recipients: list[str] = field(default_factory=list)
    encrypted: list[bool] = field(default_factory=list)
    connections: int = 0

    def login(self, server: SMTP, session: Any, envelope: Any, how: str, data: Any) -> AuthResult:
        """One user, one password."""
        return AuthResult(success=data.password == self.password.encode(), handled=False)

    async def handle_RCPT(  # noqa: N802 - the library's name
        self, server: SMTP, session: Any, envelope: Any, address: str, options: list[str]
    ) -> str:
        await self._misbehave("RCPT", server)
        answer = self.by_recipient.get(address, "250 OK")
        if answer.startswith("2"):
            envelope.rcpt_tos.append(address)
        return answer

    async def handle_DATA(self, server: SMTP, session: Any, envelope: Any) -> str:  # noqa: N802
        self.messages.append(envelope.original_content)
        self.recipients += envelope.rcpt_tos
        self.encrypted.append(session.ssl is not None)
        await self._misbehave("DATA", server)
        return self.after_data

    async def _misbehave(self, place: str, server: SMTP) -> None:
        if self.hang_up_at == place and server.transport is not None:
            cast(asyncio.WriteTransport, server.transport).abort()
        if place in (self.silent_at, self.hang_up_at):
            await asyncio.sleep(3)


@asynccontextmanager
async def running(
    post: Post, *, tls: ssl.SSLContext | None = None, from_start: bool = False, **options: Any
) -> AsyncIterator[Post]:
    loop = asyncio.get_running_loop()

    def protocol() -> SMTP:
        post.connections += 1
        return SMTP(
            post,
            hostname="mail.example.com",
            tls_context=None if from_start else tls,
            authenticator=post.login,
            loop=loop,
            **options,
        )

    listener = await loop.create_server(protocol, "127.0.0.1", 0, ssl=tls if from_start else None)
    post.port = listener.sockets[0].getsockname()[1]
    try:
        yield post
    finally:
        listener.close()
