"""Builds the message. The same notification always gives the same bytes, so a repeat can be
recognised: no clock, no random id, no random boundary."""

from __future__ import annotations

from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import parseaddr
from pathlib import Path
from uuid import UUID

from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

from meshhook_alerts.channels.email.folding import WIRE
from meshhook_alerts.channels.wording import times
from meshhook_alerts.channels.wording.text import header
from meshhook_alerts.channels.wording.view import view_of
from meshhook_alerts.domain.message import Content

_SENDER_NAME = "MeshHook Alerts"

_templates = Environment(
    loader=FileSystemLoader(Path(__file__).parent / "templates"),
    autoescape=select_autoescape(enabled_extensions=("html.jinja",), default=False),
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
    keep_trailing_newline=True,
)
_TEXT = _templates.get_template("alert.txt.jinja")
_HTML = _templates.get_template("alert.html.jinja")


def build(notification_id: UUID, content: Content, sender: str, recipients: list[str]) -> bytes:
    """The message as it goes over the wire, 7-bit with CRLF line ends.

    ``sender`` is an address, with or without a name.
    """
    name, address = parseaddr(sender)
    view = view_of(content)
    message = EmailMessage(policy=WIRE)
    message["From"] = Address(header(name) or _SENDER_NAME, addr_spec=address)
    message["To"] = [Address(addr_spec=recipient) for recipient in recipients]
    message["Subject"] = header(view.subject)
    message["Date"] = times.parse(content["alert"]["last_failure_at"])
    _add_ids(message, notification_id, header(str(content["alert"]["id"])), address)
    _mark_as_automatic(message)
    message.set_content(_TEXT.render(view=view), cte="quoted-printable")
    message.add_alternative(_HTML.render(view=view), subtype="html", cte="quoted-printable")
    message.set_boundary(f"=_{notification_id.hex}")
    return message.as_bytes()


def _add_ids(
    message: EmailMessage, notification_id: UUID, alert_id: str, sender_address: str
) -> None:
    """Ids after RFC 5322 3.6.4. All messages about an alert answer to the same root, so a mail
    program shows them as one thread; the root itself is never sent."""
    domain = sender_address.rpartition("@")[2]
    root = f"<alert.{alert_id}@{domain}>"
    message["Message-ID"] = f"<{notification_id.hex}@{domain}>"
    message["In-Reply-To"] = root
    message["References"] = root
    message["X-MeshHook-Alert-Id"] = alert_id


def _mark_as_automatic(message: EmailMessage) -> None:
    """Keeps out-of-office robots from answering (RFC 3834)."""
    message["Auto-Submitted"] = "auto-generated"
    message["X-Auto-Response-Suppress"] = "All"
