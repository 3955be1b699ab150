"""What comes back when an HTTP node calls the far side, plot by plot."""

from __future__ import annotations

import random
import string
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from itertools import chain, repeat
from urllib.parse import urlunsplit

from meshhook_alerts.demo.meshhook.plots import Plot

HEADERS_TIMEOUT = 10.0


@dataclass(frozen=True, slots=True)
class Call:
    """One call and how it ended: with a response, or with the client library's error."""

    status: int | None = None
    """Status of the response; none when no response arrived."""
    error: str | None = None
    """The error as the executor writes it; none when a response arrived."""
    response: str = '{"accepted":true}'
    seconds: float = 0.05
    """How long the call took, before the engine's time scale."""


def calls_of(plot: Plot, host: str, rng: random.Random) -> Iterator[Call]:
    """The calls a node makes one after the other, without end; the executor stops at five."""
    make = _CALLS.get(plot)
    calls = make(host, rng) if make else repeat(Call(status=200))
    return (replace(call, seconds=call.seconds + rng.random() * 0.2) for call in calls)


def _answers(status: int, response: str = "") -> Callable[[str, random.Random], Iterator[Call]]:
    return lambda host, rng: repeat(Call(status=status, response=response))


def _answers_at_last(host: str, rng: random.Random) -> Iterator[Call]:
    return chain(repeat(Call(status=503), 2), repeat(Call(status=200)))


def _refuses(host: str, rng: random.Random) -> Iterator[Call]:
    address = f"192.0.2.{rng.randint(1, 254)}"  # a range kept for documentation
    return repeat(Call(error=f"Error: connect ECONNREFUSED {address}:443"))


def _resolves_nowhere(host: str, rng: random.Random) -> Iterator[Call]:
    return repeat(Call(error=f"Error: getaddrinfo ENOTFOUND {host}"))


def _stays_silent(host: str, rng: random.Random) -> Iterator[Call]:
    error = "HeadersTimeoutError: Headers Timeout Error"
    return repeat(Call(error=error, seconds=HEADERS_TIMEOUT))


def _shows_a_bad_certificate(host: str, rng: random.Random) -> Iterator[Call]:
    return repeat(Call(error="Error: self-signed certificate"))


def _tells_secrets(host: str, rng: random.Random) -> Iterator[Call]:
    login = ":".join(("svc-account", made_up_secret(rng, 16)))
    address = urlunsplit(("https", "@".join((login, host)), "/v1/contacts", "", ""))
    bearer = " ".join(("Bearer", made_up_secret(rng, 40)))
    return repeat(Call(error=f"Error: request to {address} failed (authorization: {bearer})"))


def made_up_secret(rng: random.Random, length: int) -> str:
    """Something that looks like a secret and opens nothing, made at run time."""
    return "".join(rng.choices(string.ascii_letters + string.digits, k=length))


_CALLS: dict[Plot, Callable[[str, random.Random], Iterator[Call]]] = {
    Plot.RETRIES_THEN_SUCCEEDS: _answers_at_last,
    Plot.SERVER_ERROR: _answers(503),
    Plot.CLIENT_ERROR: _answers(404),
    Plot.UNAUTHORIZED: _answers(401),
    Plot.CONNECTION_REFUSED: _refuses,
    Plot.DNS_FAILURE: _resolves_nowhere,
    Plot.TIMEOUT: _stays_silent,
    Plot.CERTIFICATE: _shows_a_bad_certificate,
    Plot.UNSTORABLE_RESPONSE: _answers(200, "contact stored\x00"),
    Plot.SECRET_IN_ERROR: _tells_secrets,
}
