"""What a user sets for an e-mail channel; the form is drawn from this."""

from __future__ import annotations

import re
from email.utils import formataddr, getaddresses
from typing import Annotated, Literal, Self

from email_validator import EmailNotValidError, validate_email
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from meshhook_alerts.application.ports import MailServer
from meshhook_alerts.channels.email.domains import in_ascii

_DEFAULT_PORT = {"starttls": 587, "tls": 465, "none": 25}
_MAIL_PORTS = frozenset(_DEFAULT_PORT.values())
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")


def _checked_address(text: str) -> str:
    """The address with its domain in ASCII. Whether the mailbox exists only its server can tell."""
    local, _, domain = text.strip().rpartition("@")
    try:
        # The domain is left to us: the library refuses names such as corp.local, which is where
        # many a company's mail goes.
        validate_email(
            f"{local}@example.com", check_deliverability=False, allow_smtputf8=False, strict=True
        )
    except EmailNotValidError as problem:
        raise ValueError(str(problem)) from None
    return f"{local}@{in_ascii(domain)}"


def _checked_addresses(addresses: list[str]) -> list[str]:
    return list(dict.fromkeys(addresses))


def checked_sender(text: str) -> str:
    """A sender, with or without a name, as it stands in a message's header.

    Raises:
        ValueError
    """
    if _CONTROL.search(text):
        raise ValueError("The sender must stand on one line")
    found = getaddresses([text])
    if len(found) != 1:
        raise ValueError("A message has one sender")
    name, address = found[0]
    return formataddr((name, _checked_address(address or text)))


def _checked_port(port: int) -> int:
    if port not in _MAIL_PORTS and port < 1024:
        raise ValueError("Mail servers listen on 25, 465, 587, or 1024 and above")
    return port


EmailAddress = Annotated[
    str,
    AfterValidator(_checked_address),
    Field(max_length=254, json_schema_extra={"format": "email"}),
]


class EmailConfig(BaseModel):
    """An e-mail channel's settings. Without a mail server of its own, the operator's is used."""

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True, title="E-mail")

    to: Annotated[list[EmailAddress], AfterValidator(_checked_addresses)] = Field(
        title="Recipients",
        description="Who gets each alert: 1 to 20 addresses. All of them see each other.",
        examples=[["on-call@example.com"]],
        min_length=1,
        max_length=20,
    )
    smtp_host: str | None = Field(
        default=None,
        title="Mail server",
        description="Leave empty to send through the operator's mail server.",
        examples=["smtp.example.com"],
        min_length=1,
        max_length=253,
        json_schema_extra={"destination": True},
    )
    smtp_port: Annotated[int, AfterValidator(_checked_port)] | None = Field(
        default=None,
        title="Port",
        description="Leave empty for the usual one: 587 with STARTTLS, 465 with TLS, else 25.",
        examples=[587],
        ge=1,
        le=65535,
        json_schema_extra={"destination": True},
    )
    smtp_security: Literal["starttls", "tls", "none"] = Field(
        default="starttls",
        title="Encryption",
        description="starttls: begins in the clear and must switch to TLS before anything is "
        "sent. tls: TLS from the start. none: everything in the clear, no password possible.",
        json_schema_extra={"destination": True},
    )
    smtp_username: str | None = Field(
        default=None,
        title="User name",
        description="Only if the mail server asks for one.",
        examples=["alerts@example.com"],
        min_length=1,
        max_length=254,
    )
    smtp_password: str | None = Field(
        default=None,
        title="Password",
        description="Stored encrypted and never shown again.",
        min_length=1,
        max_length=1024,
        repr=False,
        json_schema_extra={"secret": True},
    )
    smtp_sender: Annotated[str, AfterValidator(checked_sender)] | None = Field(
        default=None,
        title="Sender",
        description="The address messages come from; the mail server must allow it.",
        examples=["MeshHook Alerts <alerts@example.com>"],
        max_length=320,
    )

    @model_validator(mode="after")
    def _check_whole(self) -> Self:
        own = (self.smtp_port, self.smtp_username, self.smtp_password, self.smtp_sender)
        if self.smtp_host is None and any(own):
            raise ValueError("Name the mail server these settings are for, or leave them empty")
        if self.smtp_host and not self.smtp_sender:
            raise ValueError("A mail server of your own needs a sender")
        if (self.smtp_username is None) != (self.smtp_password is None):
            raise ValueError("User name and password go together: set both or neither")
        if self.smtp_username and self.smtp_security == "none":
            raise ValueError("A password would travel in the clear: choose starttls or tls")
        return self

    def server(self) -> MailServer | None:
        """The channel's own mail server, if it names one."""
        if self.smtp_host is None or self.smtp_sender is None:
            return None
        return MailServer(
            host=self.smtp_host,
            port=self.smtp_port or _DEFAULT_PORT[self.smtp_security],
            security=self.smtp_security,
            sender=self.smtp_sender,
            username=self.smtp_username,
            password=self.smtp_password,
        )
