"""One SMTP conversation: connect to a vetted address, hand the message over, judge the answers."""

from __future__ import annotations

import asyncio
import os
import socket
import ssl
from collections.abc import Awaitable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from email.utils import parseaddr
from functools import lru_cache

from aiohappyeyeballs import AddrInfoType, start_connection
from aiosmtplib import SMTP, SMTPException, SMTPRecipientRefused, SMTPResponseException

from meshhook_alerts.application.ports import ForbiddenDestination, MailServer, OutboundGuard
from meshhook_alerts.channels.email.domains import in_ascii
from meshhook_alerts.channels.email.replies import explained, of_acceptance, of_refusals
from meshhook_alerts.domain.delivery import Ambiguous, Outcome, Rejected, TryAgain

TOTAL_SECONDS = 30.0
"""Longest a conversation may take, from the first name lookup to the final answer."""

_CONNECT_SECONDS = 10.0
_HEAD_START_SECONDS = 0.25  # of one address over the next: RFC 8305 section 5
_GOODBYE_SECONDS = 2.0


@dataclass(frozen=True, slots=True)
class Envelope:
    """A message and where it goes."""

    sender: str
    recipients: Sequence[str]
    message: bytes
    """As on the wire, 7-bit."""


async def deliver(
    envelope: Envelope,
    server: MailServer,
    guard: OutboundGuard,
    *,
    total_seconds: float = TOTAL_SECONDS,
) -> Outcome:
    """Hands the message over, once. Never raises for what the other side does."""
    conversation = Conversation(envelope, server)
    return await outcome_of(conversation, conversation.hold(guard), total_seconds)


async def outcome_of(
    conversation: Conversation, talk: Awaitable[Outcome], total_seconds: float
) -> Outcome:
    """How ``talk``, which is the conversation's, ends; and its end."""
    try:
        async with asyncio.timeout(total_seconds):
            return await talk
    except ForbiddenDestination as refusal:
        return Rejected(str(refusal), connected=False)
    except SMTPResponseException as reply:
        return explained(reply, conversation.server)
    except TimeoutError:
        return conversation.broken(f"no answer within {total_seconds:g} s")
    except (SMTPException, OSError) as problem:
        return conversation.broken(_words(problem))
    finally:
        await conversation.close()


class Conversation:
    """The state of one conversation: above all whether the message has left our hands."""

    def __init__(self, envelope: Envelope, server: MailServer) -> None:
        self._envelope = envelope
        self.server = server
        self._client: SMTP | None = None
        self._handed_over = False

    async def hold(self, guard: OutboundGuard) -> Outcome:
        """The whole conversation up to the server's last word."""
        client = await self.begin(guard)
        return await self._transfer(client) if isinstance(client, SMTP) else client

    async def begin(self, guard: OutboundGuard) -> SMTP | Outcome:
        """Connects, encrypts and signs in; an outcome where that already ends it."""
        connection = await _connect(await _addresses(self.server, guard))
        client = self._client = _client(self.server, connection)
        await client.connect()
        if self.server.security == "starttls":
            if not await _offers(client, "starttls"):
                return Rejected(f"{self._place} offers no STARTTLS; nothing was sent to it", True)
            await client.starttls()
        if self.server.username:
            if not (await _offers(client, "auth") and client.supported_auth_methods):
                return Rejected(f"{self._place} takes no password over this connection", True)
            await client.login(self.server.username, self.server.password or "")
        return client

    async def name_sender(self, client: SMTP) -> None:
        """Says whom the message is from."""
        await client.mail(parseaddr(self._envelope.sender)[1])

    async def _transfer(self, client: SMTP) -> Outcome:
        await self.name_sender(client)
        accepted, refusals = [], []
        for recipient in self._envelope.recipients:
            try:
                await client.rcpt(recipient)
                accepted.append(recipient)
            except SMTPRecipientRefused as refusal:
                refusals.append(refusal)
        if not accepted:
            return of_refusals(refusals)
        # The client does not tell a loss before the final dot from one after it. Assuming the
        # latter is safe: the message may have arrived.
        self._handed_over = True
        reply = await client.data(self._envelope.message)
        self._handed_over = False
        return of_acceptance(accepted, refusals, f"{reply.code} {reply.message}")

    def broken(self, why: str) -> Outcome:
        """The outcome of a conversation that broke off."""
        if self._handed_over:
            return Ambiguous(f"{self._place} had the message and then fell silent: {why}")
        reached = self._client is not None
        return TryAgain(f"No conversation with {self._place}: {why}", connected=reached)

    async def close(self) -> None:
        """Says goodbye if there is somebody to say it to; the outcome no longer depends on it."""
        if self._client is None:
            return
        if self._client.is_connected:
            with suppress(SMTPException, OSError, ValueError):
                await self._client.quit(timeout=_GOODBYE_SECONDS)
        self._client.close()

    @property
    def _place(self) -> str:
        return f"{self.server.host}:{self.server.port}"


async def _addresses(server: MailServer, guard: OutboundGuard) -> Sequence[tuple[str, int]]:
    if not server.trusted:
        return await guard.resolve(server.host, server.port)
    loop = asyncio.get_running_loop()
    try:
        found = await loop.getaddrinfo(_host(server), server.port, type=socket.SOCK_STREAM)
    except OSError:
        raise OSError("its name does not resolve") from None
    return [(str(address[0]), server.port) for *_, address in found]


def _host(server: MailServer) -> str:
    """The server's name as the DNS and its certificate have it."""
    return server.host if server.host.isascii() else in_ascii(server.host)


async def _connect(addresses: Sequence[tuple[str, int]]) -> socket.socket:
    """A connection to the address that answers first; the next is dialled without waiting long for the
    one before (RFC 8305), so dead ones do not use up the time. We dial ourselves: what was vetted is
    what is dialled, with no second lookup in between."""
    try:
        async with asyncio.timeout(_CONNECT_SECONDS):
            return await start_connection(
                [_info(*address) for address in addresses], happy_eyeballs_delay=_HEAD_START_SECONDS
            )
    except TimeoutError:
        raise OSError("it does not answer") from None


def _info(host: str, port: int) -> AddrInfoType:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    return family, socket.SOCK_STREAM, socket.IPPROTO_TCP, "", (host, port)


def _client(server: MailServer, connection: socket.socket) -> SMTP:
    return SMTP(
        hostname=_host(server),
        sock=connection,
        local_hostname=_own_name(connection),
        timeout=TOTAL_SECONDS,
        use_tls=server.security == "tls",
        start_tls=False,  # we ask for it ourselves, and insist
        tls_context=_tls(server.ca_file) if server.security != "none" else None,
    )


def _own_name(connection: socket.socket) -> str:
    """How we introduce ourselves: by address (RFC 5321 4.1.4), which needs no name lookup."""
    address = connection.getsockname()[0]
    return f"[IPv6:{address}]" if ":" in address else f"[{address}]"


async def _offers(client: SMTP, extension: str) -> bool:
    if client.is_ehlo_or_helo_needed:
        await client.ehlo()
    return client.supports_extension(extension)


@lru_cache(maxsize=8)
def _tls(ca_file: str | None) -> ssl.SSLContext:
    """Certificate and host name are verified, nothing older than TLS 1.2 is spoken. Kept, since
    reading the authorities takes longer than a whole conversation."""
    context = ssl.create_default_context(cafile=ca_file)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context


def _words(problem: BaseException) -> str:
    """What went wrong, in a few words, without addresses or library names."""
    cause = problem.__cause__ or problem
    if isinstance(cause, ssl.SSLCertVerificationError):
        return f"its TLS certificate is not valid: {cause.verify_message}"
    if isinstance(cause, ssl.SSLError):
        return "it does not speak TLS as expected"
    if isinstance(cause, OSError) and cause.errno:
        return os.strerror(cause.errno).lower()
    return str(cause).split("\n", 1)[0] or type(cause).__name__
