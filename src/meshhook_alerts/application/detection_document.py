"""What a settings document says about detection: what to look for, and within which bounds."""

from __future__ import annotations

from datetime import time, timedelta
from enum import StrEnum
from functools import cache
from typing import Any
from zoneinfo import available_timezones

from pydantic import BaseModel, ConfigDict, Field, field_validator

from meshhook_alerts.domain.expected_interval import EVERY_DAY, ExpectedInterval
from meshhook_alerts.domain.failure_rate import FailureRate
from meshhook_alerts.domain.kinds import KINDS, REPORTABLE

_DAY = 86_400
DETECTABLE = frozenset(KINDS) - REPORTABLE
"""Kinds that a rule of ours looks for."""


class Strict(BaseModel):
    """A misspelt field is refused, not passed over."""

    model_config = ConfigDict(extra="forbid")


class Weekday(StrEnum):
    """Days as people write them."""

    MON = "mon"
    TUE = "tue"
    WED = "wed"
    THU = "thu"
    FRI = "fri"
    SAT = "sat"
    SUN = "sun"


WEEKDAYS = list(Weekday)
"""In the order of Python's numbers."""
_zones = cache(available_timezones)


def known_zone(name: str) -> str:
    """``name`` if it is a time zone's.

    Raises:
        ValueError
    """
    if name not in _zones():
        raise ValueError(f"no time zone is called {name!r}; an example: Europe/Berlin")
    return name


class ExpectedDocument(Strict):
    """How often a workflow should run, in a calendar; leave some slack."""

    model_config = ConfigDict(extra="forbid", populate_by_name=True, serialize_by_alias=True)

    every_seconds: int = Field(ge=60, le=31 * _DAY, description="A run at least so often. Whole days count open days, the rest open time.")  # fmt: skip
    time_zone: str = Field(default="UTC", description="IANA name, such as Europe/Berlin.")
    weekdays: list[Weekday] = Field(default=[], max_length=7, description="Open days; empty means all.")  # fmt: skip
    opens: time = Field(default=time(0), alias="from", description="Local time, HH:MM.")
    closes: time = Field(default=time(0), alias="to", description="Local time, HH:MM; at or before from: on the next day.")  # fmt: skip

    @field_validator("time_zone")
    @classmethod
    def _exists(cls, name: str) -> str:
        return known_zone(name)

    @field_validator("opens", "closes")
    @classmethod
    def _local(cls, moment: time) -> time:
        if moment.tzinfo is not None:
            raise ValueError("a local time without an offset; the zone stands in time_zone")
        return moment

    def interval(self) -> ExpectedInterval:
        """In the engine's words."""
        weekdays = frozenset(map(WEEKDAYS.index, self.weekdays)) or EVERY_DAY
        every = timedelta(seconds=self.every_seconds)
        return ExpectedInterval(every, self.time_zone, weekdays, self.opens, self.closes)

    @classmethod
    def of(cls, interval: ExpectedInterval) -> ExpectedDocument:
        """The other way round."""
        return cls(
            every_seconds=int(interval.every.total_seconds()),
            time_zone=interval.time_zone,
            weekdays=[WEEKDAYS[day] for day in sorted(interval.weekdays)],
            opens=interval.opens,
            closes=interval.closes,
        )


class FailureRateDocument(Strict):
    """From which share of failing runs on to speak up."""

    percent: int = Field(ge=1, le=100, description="Failing share of the settled runs.")
    window_seconds: int = Field(ge=60, le=7 * _DAY, description="How far back to count.")
    at_least: int = Field(default=10, ge=1, le=10_000, description="Settled runs below which the share says nothing.")  # fmt: skip

    def rate(self) -> FailureRate:
        """In the engine's words."""
        return FailureRate(self.percent, timedelta(seconds=self.window_seconds), self.at_least)

    @classmethod
    def of(cls, rate: FailureRate) -> FailureRateDocument:
        """The other way round."""
        window = int(rate.window.total_seconds())
        return cls(percent=rate.percent, window_seconds=window, at_least=rate.at_least)


class DetectionDocument(Strict):
    """The part of a settings document that detection reads."""

    grace_seconds: int | None = Field(default=None, ge=10, le=_DAY, description="Silence after which a step, a run or a job counts as abandoned.")  # fmt: skip
    no_events_after_seconds: int | None = Field(default=None, ge=5, le=_DAY, description="Age from which a run without any event counts as lost.")  # fmt: skip
    pause_limit_seconds: int | None = Field(default=None, ge=60, le=365 * _DAY, description="How long a run may stay paused.")  # fmt: skip
    deadline_seconds: int | None = Field(default=None, ge=10, le=365 * _DAY, description="How long a run may take, whatever it does.")  # fmt: skip
    poison_reads: int | None = Field(default=None, ge=2, le=1_000, description="Reads of one queue message from which it counts as poison.")  # fmt: skip
    queue_lag_limit_seconds: int | None = Field(default=None, ge=10, le=30 * _DAY, description="How long a due job may wait for a worker.")  # fmt: skip
    queue_depth_limit: int | None = Field(default=None, ge=1, le=100_000_000, description="Jobs that may wait in the queue.")  # fmt: skip
    dead_letter_limit: int | None = Field(default=None, ge=0, le=1_000_000, description="New dead letters in an hour that are still no trouble of the platform.")  # fmt: skip
    fleet_window_seconds: int | None = Field(default=None, ge=60, le=_DAY, description="How far back to look for any sign of life of a worker.")  # fmt: skip
    expected: ExpectedDocument | None = Field(default=None, description="How often the workflow should run.")  # fmt: skip
    failure_rate: FailureRateDocument | None = Field(default=None, description="From which share of failing runs on to speak up.")  # fmt: skip
    consecutive: int | None = Field(default=None, ge=2, le=100, description="Failing runs in a row from which on to speak up.")  # fmt: skip
    detect: dict[str, bool] | None = Field(default=None, description="Failure kind: whether to look for it, where that differs from the kind's default.")  # fmt: skip

    @field_validator("detect")
    @classmethod
    def _detectable(cls, switches: dict[str, bool] | None) -> dict[str, bool] | None:
        unknown = sorted(set(switches or ()) - DETECTABLE)
        if unknown:
            known = ", ".join(sorted(DETECTABLE))
            raise ValueError(f"nothing looks for {', '.join(unknown)}; known are {known}")
        return switches

    def detection_values(self) -> dict[str, Any]:
        """In the engine's words; None for what is not set."""
        return {
            "grace": seconds(self.grace_seconds),
            "no_events_after": seconds(self.no_events_after_seconds),
            "pause_limit": seconds(self.pause_limit_seconds),
            "deadline": seconds(self.deadline_seconds),
            "poison_reads": self.poison_reads,
            "queue_lag_limit": seconds(self.queue_lag_limit_seconds),
            "queue_depth_limit": self.queue_depth_limit,
            "dead_letter_limit": self.dead_letter_limit,
            "fleet_window": seconds(self.fleet_window_seconds),
            "expected": self.expected and self.expected.interval(),
            "failure_rate": self.failure_rate and self.failure_rate.rate(),
            "consecutive": self.consecutive,
            "rules_on": self.detect,
        }


def seconds(number: int | None) -> timedelta | None:
    """A span of so many seconds."""
    return None if number is None else timedelta(seconds=number)
