"""Outgoing HTTP behind the outbound guard, bounded in time and size."""

from __future__ import annotations

import os
import socket
import ssl
from collections.abc import Mapping

from aiohttp import (
    ClientConnectorCertificateError,
    ClientConnectorDNSError,
    ClientConnectorError,
    ClientConnectorSSLError,
    ClientError,
    ClientResponse,
    ClientSession,
    ClientTimeout,
    ConnectionTimeoutError,
    DummyCookieJar,
    ServerDisconnectedError,
)
from aiohttp.abc import AbstractResolver, ResolveResult
from yarl import URL

from meshhook_alerts.adapters.http_status import (
    StatusKeepingConnector,
    StatusKeepingResponse,
    StatusKnownError,
)
from meshhook_alerts.adapters.outbound_guard import AddressGuard
from meshhook_alerts.application.ports import (
    ForbiddenDestination,
    HttpAnswer,
    HttpSilent,
    HttpUnreachable,
)

BODY_LIMIT = 64 * 1024
"""Bytes of an answer's body that are read; the connection is closed on whoever sends more."""

_HEADER_LIMIT = 32 * 1024  # bytes, each of: status line, one header
_HEADER_COUNT = 300
_CONNECTIONS_PER_HOST = 32
_KEEP_ALIVE_SECONDS = 60
_NAME_CACHE_SECONDS = 10

AddressInfo = tuple[int, int, int, str, tuple[str, int] | tuple[str, int, int, int]]


class GuardedHttpClient:
    """Posts to addresses that users chose.

    Follows no redirect, keeps no cookie, unpacks no body, ignores proxies in the environment.
    ``total_seconds`` bounds a whole exchange, ``connect_seconds`` one dial with its TLS handshake.
    ``tls`` replaces the system's trust. Must be closed; opens its pool at the first post.
    """

    def __init__(
        self,
        guard: AddressGuard,
        *,
        tls: ssl.SSLContext | None = None,
        total_seconds: float = 15,
        connect_seconds: float = 5,
    ) -> None:
        self._guard = guard
        self._tls = tls
        # "connect" also covers the wait for a free connection, so a queue before a slow host ends
        # as "not sent" and never as "sent, no answer".
        waiting = min(2 * connect_seconds, total_seconds)
        self._timeout = ClientTimeout(total_seconds, connect=waiting, sock_connect=connect_seconds)
        self._session: ClientSession | None = None

    async def post(self, url: str, body: bytes, headers: Mapping[str, str]) -> HttpAnswer:
        """Sends ``body`` once. An answer counts from its status line on: a body that breaks off
        or never ends is cut, headers that no reader could take are left out. Raises ``ForbiddenDestination`` for an address that may not be
        called, ``HttpUnreachable`` if nothing was sent, ``HttpSilent`` if no answer came.
        """
        target = self._guard.parse_url(url)
        session = self._session or self._open()
        try:
            response = await session.post(target, data=body, headers=headers, allow_redirects=False)
        except StatusKnownError as broken:
            return HttpAnswer(broken.status, {}, "")
        except (ClientError, TimeoutError, OSError) as problem:
            raise _explained(problem, target) from None
        return await _answer(response)

    async def get(self, url: str) -> HttpAnswer:
        """Reads what is at an address, as ``post`` does. Raises what it raises."""
        target = self._guard.parse_url(url)
        session = self._session or self._open()
        try:
            response = await session.get(target, allow_redirects=False)
        except StatusKnownError as broken:
            return HttpAnswer(broken.status, {}, "")
        except (ClientError, TimeoutError, OSError) as problem:
            raise _explained(problem, target) from None
        return await _answer(response)

    async def close(self) -> None:
        """Closes all connections."""
        if self._session:
            await self._session.close()

    def _open(self) -> ClientSession:
        connector = StatusKeepingConnector(
            resolver=_GuardedResolver(self._guard),
            socket_factory=self._dial,
            ssl=self._tls or True,
            limit=0,  # the worker bounds how much is under way; hosts must not wait for each other
            limit_per_host=_CONNECTIONS_PER_HOST,
            keepalive_timeout=_KEEP_ALIVE_SECONDS,
            ttl_dns_cache=_NAME_CACHE_SECONDS,
        )
        self._session = ClientSession(
            connector=connector,
            response_class=StatusKeepingResponse,
            cookie_jar=DummyCookieJar(),
            timeout=self._timeout,
            headers={"Accept": "*/*", "Accept-Encoding": "identity"},
            trust_env=False,
            auto_decompress=False,
            read_bufsize=BODY_LIMIT,
            max_line_size=_HEADER_LIMIT,
            max_field_size=_HEADER_LIMIT,
            max_headers=_HEADER_COUNT,
        )
        return self._session

    def _dial(self, info: AddressInfo) -> socket.socket:
        """Judges the address about to be dialled, whatever led to it, and opens the socket."""
        family, kind, protocol, _, address = info
        try:
            self._guard.check_address(address[0])
        except ForbiddenDestination as refusal:
            raise _ForbiddenDialError(*refusal.args) from None
        return socket.socket(family, kind, protocol)


class _ForbiddenDialError(OSError):
    """A refusal as the connector can handle it: with an ``OSError`` it tries the next address."""


class _GuardedResolver(AbstractResolver):
    """Gives the connector only addresses that the guard has vetted: they are what it dials."""

    def __init__(self, guard: AddressGuard) -> None:
        self._guard = guard

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        return [
            _result(host, address, port) for address, port in await self._guard.resolve(host, port)
        ]

    async def close(self) -> None:
        """Holds nothing."""


def _result(name: str, address: str, port: int) -> ResolveResult:
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    flags = socket.AI_NUMERICHOST | socket.AI_NUMERICSERV
    return ResolveResult(
        hostname=name, host=address, port=port, family=family, proto=0, flags=flags
    )


async def _answer(response: ClientResponse) -> HttpAnswer:
    body = await _beginning(response)
    return HttpAnswer(
        status=response.status,
        headers={name.lower(): value for name, value in response.headers.items()},
        body=body.decode("utf-8", "replace"),
    )


async def _beginning(response: ClientResponse) -> bytes:
    """The first ``BODY_LIMIT`` bytes of the body. A whole body leaves the connection warm."""
    body = bytearray()
    try:
        while len(body) < BODY_LIMIT:
            chunk = await response.content.read(BODY_LIMIT - len(body))
            if not chunk:
                break
            body += chunk
    except (ClientError, TimeoutError, OSError):
        pass  # the status is known, and it is what counts
    finally:
        response.close()  # drops the connection unless the body's end gave it back to the pool
    return bytes(body)


def _explained(problem: Exception, url: URL) -> Exception:
    """``problem`` as the port knows it, in words free of the URL's path, which may be secret."""
    place = f"{url.raw_host}:{url.port}"
    match problem:
        case ClientConnectorDNSError():
            return HttpUnreachable(str(problem.os_error))
        case ClientConnectorCertificateError():
            return HttpUnreachable(f"The TLS certificate of {place} is not valid{_why(problem)}")
        case ClientConnectorSSLError():
            return HttpUnreachable(f"No TLS connection to {place}: does it speak https?")
        case ClientConnectorError(os_error=_ForbiddenDialError() as refusal):
            return ForbiddenDestination(str(refusal))
        case ClientConnectorError():
            return HttpUnreachable(f"No connection to {place}: {_reason(problem.os_error)}")
        case ConnectionTimeoutError():
            return HttpUnreachable(f"No connection to {place} in time")
        case TimeoutError():
            return HttpSilent(f"{place} did not answer in time")
        case ServerDisconnectedError() | OSError():
            return HttpSilent(f"{place} hung up without an answer")
    return HttpSilent(f"The answer of {place} is not valid HTTP")


def _why(problem: ClientConnectorCertificateError) -> str:
    message = getattr(problem.certificate_error, "verify_message", "")
    return f": {message}" if message else ""


def _reason(problem: OSError) -> str:
    """The system's own words, not the exception's, which repeat the address."""
    return os.strerror(problem.errno).lower() if problem.errno else "it failed"
