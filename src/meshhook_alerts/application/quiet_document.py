"""Quiet periods as people and programs write them."""

from __future__ import annotations

from datetime import time
from typing import Annotated, Literal, Self

from pydantic import ConfigDict, Field, StringConstraints, field_validator, model_validator

from meshhook_alerts.application.detection_document import WEEKDAYS, Strict, Weekday, known_zone
from meshhook_alerts.domain.quiet_period import EVERY_DAY, QuietMode, QuietPeriod
from meshhook_alerts.domain.severity import Severity

Named = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=80)]


class QuietPeriodDocument(Strict):
    """A recurring time in which messages wait, or are only recorded."""

    model_config = ConfigDict(extra="forbid", populate_by_name=True, serialize_by_alias=True)

    name: Named
    start: time = Field(alias="from", description="Local time, HH:MM.")
    end: time = Field(alias="to", description="Local time, HH:MM; at or before from: on the next day.")  # fmt: skip
    time_zone: str = Field(default="UTC", description="IANA name, such as Europe/Berlin.")
    weekdays: list[Weekday] = Field(default=[], max_length=7, description="Of the start; empty means all.")  # fmt: skip
    nth: list[int] = Field(default=[], max_length=6, description="Only the 1st to 5th such weekday of a month, -1 the last; empty means each.")  # fmt: skip
    mode: QuietMode = Field(default=QuietMode.HOLD, description="hold: told when it ends. record_only: never told.")  # fmt: skip
    passes: Severity | Literal["none"] = Field(default=Severity.CRITICAL, description="This severity and louder come through; none: nothing does.")  # fmt: skip
    rules: list[Named] = Field(default=[], max_length=50, description="Only messages of these rules; empty means all.")  # fmt: skip
    channels: list[Named] = Field(default=[], max_length=50, description="Only messages to these channels; empty means all.")  # fmt: skip

    @field_validator("time_zone")
    @classmethod
    def _exists(cls, name: str) -> str:
        return known_zone(name)

    @field_validator("start", "end", mode="before")
    @classmethod
    def _no_twenty_four(cls, moment: object) -> object:
        if isinstance(moment, str) and moment.startswith("24"):
            raise ValueError("the day ends at 00:00 of the next one: write 00:00")
        return moment

    @field_validator("start", "end")
    @classmethod
    def _local(cls, moment: time) -> time:
        if moment.tzinfo is not None:
            raise ValueError("a local time without an offset; the zone stands in time_zone")
        return moment

    @field_validator("nth")
    @classmethod
    def _of_a_month(cls, nth: list[int]) -> list[int]:
        if odd := [each for each in nth if each not in (1, 2, 3, 4, 5, -1)]:
            raise ValueError(f"{odd[0]} is none of 1, 2, 3, 4, 5 and -1 (the last)")
        return nth

    @model_validator(mode="after")
    def _ends(self) -> Self:
        if self.start == self.end and not self.nth and len(set(self.weekdays)) in (0, 7):
            raise ValueError(
                "this period never ends; to hear of nothing switch alerts, a rule or a channel off"
            )
        return self

    def period(self) -> QuietPeriod:
        """In the engine's words."""
        return QuietPeriod(
            name=self.name,
            start=self.start,
            end=self.end,
            time_zone=self.time_zone,
            weekdays=frozenset(map(WEEKDAYS.index, self.weekdays)) or EVERY_DAY,
            nth=frozenset(self.nth),
            mode=self.mode,
            passes=None if self.passes == "none" else Severity(self.passes),
            rules=frozenset(self.rules),
            channels=frozenset(self.channels),
        )

    @classmethod
    def of(cls, period: QuietPeriod) -> QuietPeriodDocument:
        """The other way round."""
        days = [] if period.weekdays == EVERY_DAY else sorted(period.weekdays)
        return cls(
            name=period.name,
            start=period.start,
            end=period.end,
            time_zone=period.time_zone,
            weekdays=[WEEKDAYS[day] for day in days],
            nth=sorted(period.nth),
            mode=period.mode,
            passes=period.passes or "none",
            rules=sorted(period.rules),
            channels=sorted(period.channels),
        )
