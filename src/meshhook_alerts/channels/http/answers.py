"""What a webhook receiver's answer means for the notification."""

from __future__ import annotations

from datetime import datetime, timedelta
from http import HTTPStatus
from urllib.parse import urlsplit

from meshhook_alerts.application.ports import HttpAnswer
from meshhook_alerts.channels.http.http_date import http_date
from meshhook_alerts.domain.delivery import Delivered, Outcome, Rejected, TryAgain

LONGEST_RETRY_AFTER = timedelta(hours=24)
"""A receiver that asks for more gets this; the alert's own deadline comes earlier anyway."""

_PASSING = frozenset({408, 425, 429})  # client errors that heal: RFC 9110, RFC 8470, RFC 6585


def outcome_of(answer: HttpAnswer, now: datetime) -> Outcome:
    """The outcome an answer stands for (Standard Webhooks 1.0.0: only 2xx is a success). Its
    detail is raw: it may hold what must not be shown."""
    said = said_by(answer)
    if 200 <= answer.status < 300:
        return Delivered(said)
    if answer.status in _PASSING or answer.status >= 500:
        wait = retry_after(answer.headers.get("retry-after"), now)
        return TryAgain(said, wait, connected=True)
    if 300 <= answer.status < 400:
        return Rejected(
            f"HTTP {answer.status}: redirects are not followed{_moved_to(answer)}", True
        )
    if answer.status == 410:
        return Rejected(f"{said}. The receiver wants no more messages", connected=True)
    return Rejected(said, connected=True)


def said_by(answer: HttpAnswer) -> str:
    """The answer in short: status, its usual words, and the first line of the body."""
    return f"HTTP {answer.status}{_phrase(answer.status)}{_first_line(answer.body)}"


def retry_after(value: str | None, now: datetime) -> timedelta | None:
    """The wait a ``Retry-After`` header asks for (RFC 9110 10.2.3: seconds or a date), at most
    ``LONGEST_RETRY_AFTER``; None for one that is missing, of no legal form, or in the past."""
    if not value:
        return None
    text = value.strip(" \t")
    if text.isascii() and text.isdigit():
        # Cut before converting: digits without end are no number anybody means.
        return min(timedelta(seconds=int(text[:9])), LONGEST_RETRY_AFTER) or None
    moment = http_date(text, now)
    wait = moment - now if moment else timedelta()
    return min(wait, LONGEST_RETRY_AFTER) if wait > timedelta() else None


def _phrase(status: int) -> str:
    try:
        return f" {HTTPStatus(status).phrase}"
    except ValueError:
        return ""


def _first_line(body: str) -> str:
    line = next((line.strip() for line in body[:2000].splitlines() if line.strip()), "")
    return f": {line}" if line else ""


def _moved_to(answer: HttpAnswer) -> str:
    """Only the host of the new address: the rest of a webhook's address is often secret."""
    try:
        host = urlsplit(answer.headers.get("location", "")).hostname
    except ValueError:
        host = None
    return f"; the new address is at {host}" if host else ""
