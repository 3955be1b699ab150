"""The HTTP client against real servers, most of them ill-mannered."""

from __future__ import annotations

import asyncio
import gzip
import secrets
import ssl
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager, suppress

import pytest
import trustme

from meshhook_alerts.adapters.http_client import BODY_LIMIT, GuardedHttpClient
from meshhook_alerts.adapters.outbound_guard import AddressGuard
from meshhook_alerts.application.ports import (
    ForbiddenDestination,
    HttpAnswer,
    HttpSilent,
    HttpUnreachable,
)
from tests.dead_ends import dead_ends

_PUBLIC = "93.184.215.14"
Behaviour = Callable[["Connection"], Awaitable[None]]


class Connection:
    """One connection as the server sees it."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer

    async def request(self) -> bytes:
        """Reads one request whole; returns its head."""
        head = await self.reader.readuntil(b"\r\n\r\n")
        length = next(
            int(line.split(b":")[1])
            for line in head.split(b"\r\n")
            if line.lower().startswith(b"content-length:")
        )
        await self.reader.readexactly(length)
        return head

    def say(self, text: str | bytes) -> None:
        """Writes without waiting."""
        self.writer.write(text.encode() if isinstance(text, str) else text)


class Server:
    """A raw TCP server that behaves as told and remembers who came."""

    def __init__(self, behaviour: Behaviour) -> None:
        self._behaviour = behaviour
        self.connections = 0
        self.heads: list[bytes] = []
        self.port = 0
        self.hung_up = asyncio.Event()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        with suppress(ConnectionError, asyncio.IncompleteReadError):
            await self._behaviour(Connection(reader, writer))
        self.hung_up.set()
        writer.close()


@asynccontextmanager
async def running(
    behaviour: Behaviour, tls: ssl.SSLContext | None = None, host: str = "127.0.0.1"
) -> AsyncIterator[Server]:
    server = Server(behaviour)
    listener = await asyncio.start_server(server.serve, host, 0, ssl=tls)
    server.port = listener.sockets[0].getsockname()[1]
    try:
        yield server
    finally:
        listener.close()


@asynccontextmanager
async def client(
    guard: AddressGuard | None = None,
    *,
    tls: ssl.SSLContext | None = None,
    total_seconds: float = 5,
    connect_seconds: float = 2,
) -> AsyncIterator[GuardedHttpClient]:
    opened = GuardedHttpClient(
        guard or AddressGuard(["127.0.0.1"]),
        tls=tls,
        total_seconds=total_seconds,
        connect_seconds=connect_seconds,
    )
    try:
        yield opened
    finally:
        await opened.close()


def answering(answer: str | bytes) -> Behaviour:
    """Answers every request on a connection alike."""

    async def behave(connection: Connection) -> None:
        while True:
            await connection.request()
            connection.say(answer)

    return behave


OK = answering("HTTP/1.1 200 OK\r\nContent-Length: 2\r\nX-Name: Value\r\n\r\nok")


async def post(to: GuardedHttpClient, server: Server, path: str = "/") -> HttpAnswer:
    return await to.post(f"http://127.0.0.1:{server.port}{path}", b"{}", {"x-a": "b"})


async def test_an_answer_comes_back() -> None:
    async with running(OK) as server, client() as http:
        answer = await post(http, server)
    assert (answer.status, answer.body, answer.headers["x-name"]) == (200, "ok", "Value")


async def test_a_warm_connection_is_used_again() -> None:
    async with running(OK) as server, client() as http:
        for _ in range(20):
            await post(http, server)
        assert server.connections == 1


@pytest.mark.parametrize(
    "path",
    [
        "/a%40b?sig=a%2Bb%2Fc%3D",
        "/a@b?sig=a+b/c=&x=%7e~",
        "/%e2%82%ac/./../x//y?z",
        "/?q=%zz&empty=",
        "?sig=%2B",
    ],
)
async def test_a_signed_address_is_sent_as_it_was_given(path: str) -> None:
    async def remember(connection: Connection) -> None:
        server.heads.append(await connection.request())
        connection.say("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")

    async with running(remember) as server, client() as http:
        await post(http, server, f"{path}#not-sent")
    line = server.heads[0].split(b"\r\n")[0].decode()
    assert line == f"POST {path if path.startswith('/') else '/' + path} HTTP/1.1"


async def test_what_is_no_ascii_in_an_address_is_encoded() -> None:
    async def remember(connection: Connection) -> None:
        server.heads.append(await connection.request())
        connection.say("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")

    async with running(remember) as server, client() as http:
        await post(http, server, "/ü?x=€%2B")
    assert server.heads[0].startswith(b"POST /%C3%BC?x=%E2%82%AC%2B HTTP/1.1")


async def test_a_redirect_is_not_followed() -> None:
    async with running(OK) as target, client() as http:
        redirect = answering(
            f"HTTP/1.1 307 Moved\r\nLocation: http://127.0.0.1:{target.port}/\r\n"
            "Content-Length: 0\r\n\r\n"
        )
        async with running(redirect) as server:
            answer = await post(http, server)
        assert answer.status == 307
        assert target.connections == 0


async def test_an_endless_body_is_cut_and_its_connection_dropped() -> None:
    async def flood(connection: Connection) -> None:
        await connection.request()
        connection.say("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
        while True:
            connection.say(b"1000\r\n" + b"x" * 4096 + b"\r\n")
            await connection.writer.drain()

    async with running(flood) as server, client() as http:
        answer = await post(http, server)
        assert answer.status == 200
        assert len(answer.body) == BODY_LIMIT
        await asyncio.wait_for(server.hung_up.wait(), 2)


async def test_a_dripping_body_ends_at_the_deadline_with_its_status() -> None:
    async def drip(connection: Connection) -> None:
        await connection.request()
        connection.say("HTTP/1.1 503 Busy\r\nContent-Length: 1000\r\n\r\n")
        while True:
            connection.say("x")
            await connection.writer.drain()
            await asyncio.sleep(0.02)

    async with running(drip) as server, client(total_seconds=0.4) as http:
        started = time.monotonic()
        answer = await post(http, server)
        assert time.monotonic() - started < 2
        assert answer.status == 503
        assert 0 < len(answer.body) < 100
        await asyncio.wait_for(server.hung_up.wait(), 2)


async def test_slow_headers_are_silence() -> None:
    async def slow(connection: Connection) -> None:
        await connection.request()
        for letter in "HTTP/1.1 200 OK\r\n" * 100:
            connection.say(letter)
            await connection.writer.drain()
            await asyncio.sleep(0.02)

    async with running(slow) as server, client(total_seconds=0.4) as http:
        started = time.monotonic()
        with pytest.raises(HttpSilent, match="did not answer in time"):
            await post(http, server)
        assert time.monotonic() - started < 2
        await asyncio.wait_for(server.hung_up.wait(), 2)


@pytest.mark.parametrize(
    "answer",
    [
        "",
        "SSH-2.0-OpenSSH_9.9\r\n",
        "HTTP/1.1 2OO OK\r\n\r\n",
        "HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n",
        "ICY 200 OK\r\n\r\n",
    ],
    ids=["nothing", "another protocol", "letters for digits", "only hints", "another name"],
)
async def test_what_is_no_answer_is_silence(answer: str) -> None:
    async def behave(connection: Connection) -> None:
        await connection.request()
        connection.say(answer)

    async with running(behave) as server, client() as http:
        with pytest.raises(HttpSilent):
            await post(http, server)


@pytest.mark.parametrize("status", [200, 204, 400, 503])
@pytest.mark.parametrize(
    "rest",
    [
        "X: " + "y" * 9_000 + "\r\nContent-Length: 0\r\n\r\n",
        "X: " + "y" * 100_000 + "\r\n\r\n",
        "X: y\r\n" * 120 + "Content-Length: 0\r\n\r\n",
        "X: y\r\n" * 1000 + "\r\n",
        "Content-Length: 5\r\nContent-Length: 6\r\n\r\nhello",
        "Content-Length: 2\r\n\r\nok and more than was announced",
        "Content-Length: 0\r\n\r\n\r\n\r\nmore",
        "Transfer-Encoding: chunked\r\n\r\nzz\r\n",
        "Bad Header\r\n\r\n",
        "Content-Length: -1\r\n\r\n",
    ],
    ids=[
        *("a large header", "a giant header", "many headers", "too many headers", "two lengths"),
        *("surplus body", "surplus after nothing", "bad chunks", "a bad header", "a bad length"),
    ],
)
async def test_an_answer_counts_from_its_status_line_on(status: int, rest: str) -> None:
    answer = f"HTTP/1.1 {status} Whatever\r\n{rest}"
    async with running(answering(answer)) as server, client() as http:
        first = await post(http, server)
        second = await post(http, server)
    assert (first.status, second.status) == (status, status)


async def test_hints_that_come_first_are_not_the_answer() -> None:
    hints = "HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n"
    broken = "HTTP/1.1 201 Created\r\nContent-Length: x\r\n\r\n"
    async with running(answering(hints + broken)) as server, client() as http:
        assert (await post(http, server)).status == 201


async def test_a_status_is_not_taken_from_the_answer_before() -> None:
    answers = iter(["HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", "nonsense\r\n\r\n"])

    async def behave(connection: Connection) -> None:
        while True:
            await connection.request()
            connection.say(next(answers))

    async with running(behave) as server, client() as http:
        assert (await post(http, server)).status == 200
        with pytest.raises(HttpSilent):
            await post(http, server)
    assert server.connections == 1


async def test_a_cut_body_still_has_its_status() -> None:
    async def behave(connection: Connection) -> None:
        await connection.request()
        connection.say("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nbegin")

    async with running(behave) as server, client() as http:
        answer = await post(http, server)
    assert (answer.status, answer.body) == (200, "begin")


async def test_nobody_there_is_unreachable_and_the_path_stays_secret() -> None:
    secret = secrets.token_hex(8)
    async with running(OK) as server:
        port = server.port
    async with client() as http:
        with pytest.raises(HttpUnreachable) as problem:
            await http.post(f"http://127.0.0.1:{port}/{secret}?k={secret}", b"", {})
    assert str(problem.value) == f"No connection to 127.0.0.1:{port}: connection refused"


async def test_dead_addresses_do_not_use_up_the_time_of_the_live_one() -> None:
    async with running(OK) as server, dead_ends(server.port, 4) as dead:
        guard = AddressGuard(["127.0.0.0/8"], lookup=lambda host, port: [*dead, "127.0.0.1"])
        async with client(guard) as http:
            answer = await http.post(f"http://hook.example:{server.port}/", b"{}", {})
    assert answer.status == 200


async def test_a_name_without_address_is_unreachable() -> None:
    def nothing(host: str, port: int) -> Sequence[str]:
        raise OSError

    async with client(AddressGuard(lookup=nothing)) as http:
        with pytest.raises(HttpUnreachable, match=r"nowhere\.example\.com does not resolve"):
            await http.post("https://nowhere.example.com/", b"", {})


async def test_a_full_house_is_unreachable_not_silent() -> None:
    async def hold(connection: Connection) -> None:
        await connection.request()
        await asyncio.sleep(5)

    async with running(hold) as server, client(total_seconds=1, connect_seconds=0.2) as http:
        tries = [post(http, server) for _ in range(33)]
        outcomes = await asyncio.gather(*tries, return_exceptions=True)
    assert sum(isinstance(outcome, HttpUnreachable) for outcome in outcomes) == 1
    assert sum(isinstance(outcome, HttpSilent) for outcome in outcomes) == 32


async def test_a_private_address_is_refused_without_a_packet() -> None:
    async with running(OK) as server, client(AddressGuard()) as http:
        with pytest.raises(ForbiddenDestination):
            await post(http, server)
        assert server.connections == 0


async def test_a_name_that_turns_private_is_never_dialled() -> None:
    answers = iter([[_PUBLIC], ["127.0.0.1"], ["127.0.0.1"]])
    guard = AddressGuard(lookup=lambda host, port: next(answers))
    async with running(OK) as server, client(guard) as http:
        url = f"http://rebind.example.com:{server.port}/"
        assert await guard.resolve("rebind.example.com", server.port)  # as when it was saved
        for _ in range(2):
            with pytest.raises(ForbiddenDestination, match=r"leads to 127\.0\.0\.1"):
                await http.post(url, b"{}", {})
        assert server.connections == 0


@pytest.mark.parametrize("addresses", [["127.0.0.1"], ["127.0.0.1", "::1"]])
async def test_the_dial_itself_refuses_what_slipped_through(addresses: list[str]) -> None:
    class Lying(AddressGuard):
        """Its look-ups vet nothing, as a fault of ours might."""

        async def resolve(self, host: str, port: int) -> Sequence[tuple[str, int]]:
            return [(address, port) for address in addresses]

    async with running(OK) as server, client(Lying()) as http:
        with pytest.raises((ForbiddenDestination, HttpUnreachable)):
            await http.post(f"http://example.com:{server.port}/", b"{}", {})
        assert server.connections == 0


async def test_the_environment_has_no_say(monkeypatch: pytest.MonkeyPatch) -> None:
    async with running(OK) as proxy, running(OK) as server, client() as http:
        for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
            monkeypatch.setenv(name, f"http://127.0.0.1:{proxy.port}")
        await post(http, server)
        assert (proxy.connections, server.connections) == (0, 1)


async def test_no_cookie_is_kept_and_no_answer_unpacked() -> None:
    packed = gzip.compress(b"a" * 10_000_000)
    heads: list[bytes] = []

    async def behave(connection: Connection) -> None:
        while True:
            heads.append(await connection.request())
            connection.say(
                "HTTP/1.1 200 OK\r\nSet-Cookie: a=b\r\nContent-Encoding: gzip\r\n"
                f"Content-Length: {len(packed)}\r\n\r\n"
            )
            connection.say(packed)

    guard = AddressGuard(["127.0.0.1"], lookup=lambda host, port: ["127.0.0.1"])
    async with running(behave) as server, client(guard) as http:
        for _ in range(2):  # by name, since no client keeps the cookies of a bare address
            answer = await http.post(f"http://example.com:{server.port}/", b"{}", {})
    assert len(answer.body) <= len(packed)
    assert b"cookie" not in heads[1].lower()
    assert b"accept-encoding: identity" in heads[1].lower()


@pytest.fixture
def authority() -> trustme.CA:
    return trustme.CA()


def server_tls(authority: trustme.CA, name: str) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(name).configure_cert(context)
    return context


async def test_an_unknown_certificate_is_refused(authority: trustme.CA) -> None:
    tls = server_tls(authority, "127.0.0.1")
    async with running(OK, tls) as server, client() as http:
        with pytest.raises(HttpUnreachable, match=r"certificate of 127\.0\.0\.1:\d+ is not valid"):
            await http.post(f"https://127.0.0.1:{server.port}/", b"{}", {})


async def test_a_certificate_for_another_name_is_refused(authority: trustme.CA) -> None:
    trusting = ssl.create_default_context()
    authority.configure_trust(trusting)
    tls = server_tls(authority, "other.example.com")
    async with running(OK, tls) as server, client(tls=trusting) as http:
        with pytest.raises(HttpUnreachable, match="certificate"):
            await http.post(f"https://127.0.0.1:{server.port}/", b"{}", {})


async def test_a_good_certificate_is_accepted(authority: trustme.CA) -> None:
    trusting = ssl.create_default_context()
    authority.configure_trust(trusting)
    tls = server_tls(authority, "127.0.0.1")
    async with running(OK, tls) as server, client(tls=trusting) as http:
        answer = await http.post(f"https://127.0.0.1:{server.port}/", b"{}", {})
    assert answer.status == 200


async def test_https_to_a_plain_port_is_unreachable() -> None:
    async def shout(connection: Connection) -> None:
        connection.say("220 mail.example.com ESMTP\r\n")
        await connection.reader.read()

    async with running(shout) as server, client() as http:
        with pytest.raises(HttpUnreachable, match="does it speak https"):
            await http.post(f"https://127.0.0.1:{server.port}/", b"{}", {})
