"""What a channel gets lent for one question: the service's tools, and what is known only now."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from meshhook_alerts.application.ports import ChannelTools, HttpClient, MailServer, OutboundGuard


@dataclass(frozen=True, slots=True)
class LentTools:
    """See ``ports.ChannelTools``."""

    lent: ChannelTools
    done: tuple[str, ...] = ()
    """Of this notification, what has arrived."""
    thread: str | None = None
    """What the channel called its first message about the same alert."""
    receipt_url: str | None = None
    """Where the other side may say what became of this notification."""
    mail_elsewhere: bool = False
    """Whether another worker that is alive has the operator's mail server."""

    @property
    def guard(self) -> OutboundGuard:
        """The service's."""
        return self.lent.guard

    @property
    def http(self) -> HttpClient:
        """The service's."""
        return self.lent.http

    @property
    def mail(self) -> MailServer | None:
        """The service's."""
        return self.lent.mail

    def now(self) -> datetime:
        """The present moment, UTC."""
        return self.lent.now()
