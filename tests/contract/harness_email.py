"""A mail server on loopback that wants STARTTLS and a password."""

from __future__ import annotations

import asyncio
import secrets
import tempfile
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from ssl import PROTOCOL_TLS_SERVER, SSLContext
from typing import Any

import trustme
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

from meshhook_alerts.adapters.http_client import GuardedHttpClient
from meshhook_alerts.adapters.outbound_guard import AddressGuard
from meshhook_alerts.application.ports import MailServer
from tests.contract.harness import Answer, Tools


class EmailHarness:
    """See ``harness.Harness``; also the mail server's handler and its list of users."""

    def __init__(self, tools: Tools) -> None:
        self.tools = tools
        self.config: dict[str, Any] = {"to": ["on-call@example.com", "second@example.com"]}
        self._password = secrets.token_urlsafe(9)
        self.secrets: Sequence[str] = (self._password,)
        self._answer = Answer.ACCEPTED
        self._received: list[bytes] = []

    def answer(self, answer: Answer) -> None:
        self._answer = answer

    def received(self) -> Sequence[bytes]:
        return self._received

    def use(self, port: int, ca_file: Path) -> None:
        """Makes the server at ``port`` the operator's."""
        self.tools.mail = MailServer(
            host="127.0.0.1",
            port=port,
            security="starttls",
            sender="MeshHook Alerts <alerts@example.com>",
            username="alerts",
            password=self._password,
            trusted=True,
            ca_file=str(ca_file),
        )

    def authenticate(
        self, server: SMTP, session: Session, envelope: Envelope, mechanism: str, login: Any
    ) -> AuthResult:
        """Knows one user, and repeats a password it does not like."""
        known = isinstance(login, LoginPassword) and login.password == self._password.encode()
        if known and self._answer is not Answer.WRONG_CREDENTIALS:
            return AuthResult(success=True)
        blurted = f"535 5.7.8 The password {self._password} is wrong"
        return AuthResult(success=False, handled=False, message=blurted)

    async def handle_RCPT(  # noqa: N802 - the library's name
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if self._answer is Answer.BUSY:
            return f"451 4.7.1 Come back later with {self._password}"
        if self._answer in (Answer.GONE, Answer.NOT_REALLY):
            return f"550 5.1.1 No such user with {self._password}"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(  # noqa: N802 - the library's name
        self, server: SMTP, session: Session, envelope: Envelope
    ) -> str:
        if self._answer is Answer.SILENT:
            assert server.transport is not None
            server.transport.close()
            return "250 nobody hears this"
        content = envelope.original_content
        assert content is not None
        self._received.append(content)
        return f"250 2.0.0 Queued for {self._password}"


@asynccontextmanager
async def open_harness() -> AsyncIterator[EmailHarness]:
    """A running mail server."""
    guard = AddressGuard()
    tools = Tools(guard, GuardedHttpClient(guard))
    harness = EmailHarness(tools)
    authority, loop = trustme.CA(), asyncio.get_running_loop()
    tls = SSLContext(PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(tls)

    def protocol() -> SMTP:
        return SMTP(
            harness,
            hostname="mail.example.com",
            tls_context=tls,
            require_starttls=True,
            auth_required=True,
            authenticator=harness.authenticate,
            loop=loop,
        )

    server = await loop.create_server(protocol, "127.0.0.1", 0)
    with tempfile.TemporaryDirectory() as folder:
        ca_file = Path(folder, "ca.pem")
        authority.cert_pem.write_to_path(str(ca_file))
        harness.use(server.sockets[0].getsockname()[1], ca_file)
        yield harness
    server.close()
