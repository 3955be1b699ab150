"""The outbound guard: which addresses our own requests may reach (against SSRF).

Users name the addresses we call, so without a guard they could make this service call the
machine it runs on, its private network or the cloud's metadata service.
"""

from __future__ import annotations

import asyncio
import re
import socket
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache
from ipaddress import ip_address
from urllib.parse import quote

from yarl import URL

from meshhook_alerts.adapters.address_ranges import (
    Address,
    parse_openings,
    reached,
    special_range,
)
from meshhook_alerts.application.ports import ForbiddenDestination

ALLOW_SETTING = "MESHHOOK_ALERTS_OUTBOUND_ALLOW"
"""The setting that opens private networks; named in refusals so that an operator finds it."""

LOOKUP_SECONDS = 5.0
"""Longest wait for a name to resolve."""

Lookup = Callable[[str, int], Sequence[str]]
"""Blocking name lookup: host and port to addresses; raises ``OSError`` if there are none."""

_LOOKUP_THREADS = 16
_NAME = re.compile(r"(?=.{1,253}\Z)[a-z0-9_]([a-z0-9_-]{0,62})(\.[a-z0-9_][a-z0-9_-]{0,62})*")
_ENDS_IN_NUMBER = re.compile(r"(?:.*\.)?(?:[0-9]+|0x[0-9a-f]*)")
_AFTER_AUTHORITY = re.compile(r"^[^:]*://[^/?#]*")
_PRINTABLE = "".join(map(chr, range(0x21, 0x7F)))
_FORBIDDEN_IN_URL = re.compile(r"[\x00-\x20\x7f-\x9f\\]")


def system_lookup(host: str, port: int) -> Sequence[str]:
    """Asks the system's resolver. ``AI_ADDRCONFIG`` is left out: the verdict on a name must not
    depend on which address families this machine happens to have."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return [str(sockaddr[0]) for *_, sockaddr in found]


class AddressGuard:
    """Lets public addresses through, and those private ones that the operator opened.

    The one object is asked when a channel is saved, before a connection and at the very dial, so
    the answer is the same each time. ``allow`` holds networks in CIDR form; raises ``ValueError``
    for one that is malformed or can never be opened.
    """

    def __init__(
        self,
        allow: Iterable[str] = (),
        *,
        lookup: Lookup = system_lookup,
        lookup_seconds: float = LOOKUP_SECONDS,
    ) -> None:
        self._open = parse_openings(allow)
        self._lookup = lookup
        self._lookup_seconds = lookup_seconds
        # Threads of our own: a name server that hangs must not hold up the service's other work.
        self._threads = ThreadPoolExecutor(_LOOKUP_THREADS, thread_name_prefix="lookup")
        self.parse_url = lru_cache(maxsize=1024)(self._parse_url)

    def check_url(self, url: str) -> None:
        """Raises ``ForbiddenDestination`` for a URL that may not be called, by its form alone."""
        self.parse_url(url)

    def check_address(self, address: str) -> None:
        """Raises ``ForbiddenDestination`` unless this very IP address may be dialled."""
        self._judge(ip_address(address.partition("%")[0]), address)

    async def resolve(self, host: str, port: int) -> Sequence[tuple[str, int]]:
        """Addresses of a host, all of them allowed.

        Raises ``ForbiddenDestination`` if any is not: whoever controls the name must not be able
        to slip a private address in among public ones. ``OSError`` where there is none.
        """
        name = self._checked_host(host)
        if literal := _literal(name):
            return [(str(literal), port)]
        addresses = dict.fromkeys(await self._look_up(name, port))
        for address in addresses:
            self._judge(ip_address(address.partition("%")[0]), name)
        return [(address, port) for address in addresses]

    def _parse_url(self, url: str) -> URL:
        """``url`` parsed once, so that what is checked is what is called."""
        if _FORBIDDEN_IN_URL.search(url):
            raise ForbiddenDestination("The URL holds a space, a backslash or a control character")
        try:
            parsed = URL(url)
            host = parsed.raw_host if parsed.host else None
        except ValueError:  # bad port, bad brackets, bad international name
            raise ForbiddenDestination("This is not a valid URL") from None
        if parsed.scheme not in ("http", "https"):
            raise ForbiddenDestination("The URL must begin with https:// or http://")
        if "@" in parsed.raw_authority:
            raise ForbiddenDestination("The URL must not hold a user name or password")
        if not host:
            raise ForbiddenDestination("The URL names no host")
        _check_port(parsed.port)
        self._checked_host(host)
        return _as_given(url, parsed)

    def _checked_host(self, host: str) -> str:
        """The host in lower-case ASCII, without brackets and trailing dot."""
        name = _ascii(host.removeprefix("[").removesuffix("]")).lower()
        if "%" in name and ":" in name:
            raise ForbiddenDestination(
                f"{name} names a network interface; leave out what follows %"
            )
        if literal := _literal(name):
            self._judge(literal, name)
            return name
        name = name.removesuffix(".")
        if _ENDS_IN_NUMBER.fullmatch(name):
            raise ForbiddenDestination(_number_refusal(name))
        if not _NAME.fullmatch(name):
            raise ForbiddenDestination("The host name is not valid")
        if name == "localhost" or name.endswith(".localhost"):  # always this machine: RFC 6761
            self._judge(ip_address("127.0.0.1"), name)
        return name

    async def _look_up(self, name: str, port: int) -> Sequence[str]:
        loop = asyncio.get_running_loop()
        work = loop.run_in_executor(self._threads, self._lookup, name, port)
        try:
            found = await asyncio.wait_for(work, self._lookup_seconds)
        except TimeoutError:
            raise OSError(f"{name} did not resolve within {self._lookup_seconds:g} s") from None
        except (OSError, UnicodeError):
            raise OSError(f"The host name {name} does not resolve") from None
        if not found:
            raise OSError(f"The host name {name} has no address")
        return found

    def _judge(self, address: Address, named: str) -> None:
        special = special_range(address)
        if special is None:
            return
        target = reached(address)
        if special.openable and any(target in network for network in self._open):
            return
        shown = named if named in (str(address), str(target)) else f"{named} leads to {target}"
        if not special.openable:
            raise ForbiddenDestination(
                f"{shown}, {special.what}: it can never be reached from here"
            )
        raise ForbiddenDestination(
            f"{shown}, {special.what}. An operator can open it by adding "
            f"{target}/{target.max_prefixlen} to {ALLOW_SETTING}"
        )


def _ascii(host: str) -> str:
    """The name as the DNS has it: international letters encoded (UTS 46), unusual digits and dots
    made plain, which is what a resolver would make of them."""
    if host.isascii():
        return host
    try:
        return URL.build(scheme="http", host=host).raw_host or ""
    except ValueError:
        raise ForbiddenDestination("The host name is not valid") from None


def _literal(host: str) -> Address | None:
    try:
        return ip_address(host)
    except ValueError:
        return None


def _number_refusal(name: str) -> str:
    """Numbers other than plain dotted quads: systems disagree on what they mean, so none is
    guessed at (0177.0.0.1 is 127.0.0.1 to one and 177.0.0.1 to the next)."""
    try:
        meaning = f"; it may mean {socket.inet_ntoa(socket.inet_aton(name))}"
    except OSError:
        meaning = ""
    return f"{name} is not an address in its usual form{meaning}: write it as four numbers"


def _check_port(port: int | None) -> None:
    if port in (80, 443) or (port is not None and 1024 <= port <= 65535):
        return
    raise ForbiddenDestination(f"Port {port} is not for HTTP: use 80, 443, or 1024 and above")


def _as_given(url: str, parsed: URL) -> URL:
    """``url`` with the scheme, host and port that were checked, and its path and query as they were
    written: a signature may stand in them, and be of those very characters."""
    rest = _AFTER_AUTHORITY.sub("", url).partition("#")[0]
    rest = quote(rest, safe=_PRINTABLE)  # what is not ASCII cannot be sent otherwise
    slash = "" if rest.startswith("/") else "/"
    return URL(f"{parsed.scheme}://{parsed.raw_authority}{slash}{rest}", encoded=True)
