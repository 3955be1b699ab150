"""Looks at a mail server as a message would meet it, and sends none."""

from __future__ import annotations

import asyncio

from meshhook_alerts.application.ports import MailServer, OutboundGuard
from meshhook_alerts.channels.email.smtp import Conversation, Envelope, outcome_of
from meshhook_alerts.domain.delivery import Delivered, Outcome

_SECONDS = 15.0


async def examine(server: MailServer, guard: OutboundGuard) -> Outcome:
    """Connects, switches to TLS, signs in, names the sender and takes it back. ``Delivered`` if all of
    it was accepted; otherwise in whose words it was not."""
    conversation = Conversation(Envelope(server.sender, (), b""), server)

    async def look() -> Outcome:
        client = await conversation.begin(guard)
        if not isinstance(client, Outcome):
            await conversation.name_sender(client)
            await client.rset()
            return Delivered(f"{server.host}:{server.port} takes messages from {server.sender}")
        return client

    async with asyncio.timeout(_SECONDS + 1):
        return await outcome_of(conversation, look(), _SECONDS)
