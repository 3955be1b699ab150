"""Sends alerts by e-mail."""

from __future__ import annotations

import base64
from contextlib import suppress
from dataclasses import replace
from typing import ClassVar, cast
from uuid import UUID

from pydantic import BaseModel

from meshhook_alerts.application.ports import ChannelTools, ForbiddenDestination, MailServer
from meshhook_alerts.channels.email.config import EmailConfig
from meshhook_alerts.channels.email.message import build
from meshhook_alerts.channels.email.smtp import Envelope, deliver
from meshhook_alerts.channels.masking import detail
from meshhook_alerts.domain.delivery import Delivered, Outcome, Rejected
from meshhook_alerts.domain.message import Content

_NO_SERVER = (
    "there is no mail server to send it: this channel names none (smtp_host and smtp_sender), nor has"
    " the operator given one to this service or to any worker that is alive (MESHHOOK_ALERTS_SMTP_URL)"
)


class EmailChannel:
    """The channel kind ``email``."""

    kind: ClassVar[str] = "email"
    title: ClassVar[str] = "E-mail"
    config_model: ClassVar[type[BaseModel]] = EmailConfig

    async def check(self, config: BaseModel, tools: ChannelTools) -> None:
        """Raises ``ForbiddenDestination`` for a mail server the guard would refuse, and where there is
        none, neither of the channel's own nor of the operator's. A name that
        does not resolve at the moment is let pass: it may before the first alert."""
        server = cast(EmailConfig, config).server()
        if server is not None:
            with suppress(OSError):
                await tools.guard.resolve(server.host, server.port)
        elif tools.mail is None and not tools.mail_elsewhere:
            raise ForbiddenDestination(_NO_SERVER)

    async def send(
        self, notification_id: UUID, content: Content, config: BaseModel, tools: ChannelTools
    ) -> Outcome:
        """Sends one message to all recipients that wait for it, in one conversation with the mail
        server."""
        settings = cast(EmailConfig, config)
        server = settings.server() or tools.mail
        if server is None:
            return Rejected(
                "There is no mail server: this channel names none, nor did the operator"
            )
        waiting = [recipient for recipient in settings.to if recipient not in tools.done]
        if not waiting:
            return Delivered("Accepted for every recipient, in earlier tries")
        message = build(notification_id, content, server.sender, settings.to)
        envelope = Envelope(server.sender, waiting, message)
        outcome = await deliver(envelope, server, tools.guard)
        return replace(outcome, detail=detail(outcome.detail, settings, *_login(server)))


def _login(server: MailServer) -> list[str]:
    """What a mail server that repeats its input could give away: the password, and the line that
    carries it (RFC 4616)."""
    if not server.password:
        return []
    plain = f"\0{server.username}\0{server.password}"
    return [server.password, base64.b64encode(plain.encode()).decode()]
