"""One request through the outbound guard, and what of an address must not be shown."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import datetime

from yarl import URL

from meshhook_alerts.application.ports import (
    ChannelTools,
    ForbiddenDestination,
    HttpAnswer,
    HttpSilent,
    HttpUnreachable,
)
from meshhook_alerts.channels.http.answers import outcome_of
from meshhook_alerts.domain.delivery import Ambiguous, Outcome, Rejected, TryAgain

_PARTS = re.compile(r"[/?&=#]")
_VALUE = 8  # characters of a query's value that may be one; shorter ones are words such as "true"
_LONG = 16  # characters of a piece of an address that may well be a token

Judge = Callable[[HttpAnswer, datetime], Outcome]


async def check_address(url: str, tools: ChannelTools) -> None:
    """Raises ``ForbiddenDestination`` for an address the guard would refuse to call. A name that does not
    resolve at the moment is let pass: it may before the first alert."""
    tools.guard.check_url(url)
    parsed = URL(url)
    try:
        await tools.guard.resolve(parsed.raw_host or "", parsed.port or 443)
    except OSError:
        return


async def post(
    url: str,
    body: bytes,
    headers: Mapping[str, str],
    tools: ChannelTools,
    judge: Judge = outcome_of,
) -> Outcome:
    """Posts once and judges the answer. After silence it may have arrived; it is tried again, as the other
    side knows a repeat by its id."""
    try:
        answer = await tools.http.post(url, body, headers)
    except ForbiddenDestination as refusal:
        return Rejected(str(refusal), connected=False)
    except HttpUnreachable as trouble:
        return TryAgain(str(trouble), connected=False)
    except HttpSilent as trouble:
        return Ambiguous(str(trouble))
    return judge(answer, tools.now())


def secret_parts(url: str) -> list[str]:
    """Parts of an address that may be secret and that servers like to repeat ("Cannot POST /hooks/…"):
    the path with its query, and long pieces of either."""
    parsed = URL(url)
    pieces = [*parsed.raw_parts, *_PARTS.split(url)[3:]]
    long_ones = [piece for piece in pieces if len(piece) >= _LONG]
    values = [value for value in parsed.query.values() if len(value) >= _VALUE]
    whole = (parsed.raw_path_qs, parsed.raw_path)
    return [each for each in (*whole, *long_ones, *values) if each != "/"]
