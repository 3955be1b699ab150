"""Dates in HTTP headers (RFC 9110 5.6.7): the form of today and the two that a recipient must still
read. Whatever else looks like a date is none."""

from __future__ import annotations

import re
from datetime import UTC, datetime

_MONTHS = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec"
_SHORT, _LONG = "Mon|Tue|Wed|Thu|Fri|Sat|Sun", "Mon|Tues|Wednes|Thurs|Fri|Satur|Sun"
_MONTH = rf"(?P<month>{_MONTHS.replace(' ', '|')})"
_TIME = r"(?P<hour>\d\d):(?P<minute>\d\d):(?P<second>\d\d)"
_FORMS = (
    # Sun, 06 Nov 1994 08:49:37 GMT
    re.compile(rf"(?:{_SHORT}), (?P<day>\d\d) {_MONTH} (?P<year>\d{{4}}) {_TIME} GMT", re.ASCII),
    # Sunday, 06-Nov-94 08:49:37 GMT (RFC 850)
    re.compile(rf"(?:{_LONG})day, (?P<day>\d\d)-{_MONTH}-(?P<year>\d\d) {_TIME} GMT", re.ASCII),
    # Sun Nov  6 08:49:37 1994 (asctime)
    re.compile(rf"(?:{_SHORT}) {_MONTH} (?P<day>[ \d]\d) {_TIME} (?P<year>\d{{4}})", re.ASCII),
)


def http_date(text: str, now: datetime) -> datetime | None:
    """The moment ``text`` names, in UTC, or None for what is no date. A year of two digits is the
    nearest that lies at most 50 years after ``now``."""
    for form in _FORMS:
        if found := form.fullmatch(text):
            return _moment(found, now)
    return None


def _moment(found: re.Match[str], now: datetime) -> datetime | None:
    year = int(found["year"])
    if len(found["year"]) == 2:
        year += now.year // 100 * 100
        year -= 100 * (year > now.year + 50)
    month = _MONTHS.split().index(found["month"]) + 1
    second = min(int(found["second"]), 59)  # a leap second
    try:
        return datetime(
            year,
            month,
            int(found["day"]),
            int(found["hour"]),
            int(found["minute"]),
            second,
            tzinfo=UTC,
        )
    except ValueError:
        return None
