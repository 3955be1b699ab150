"""What follows on an open alert, as people and programs set it: reminders, escalation, closing."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Any, Self

from pydantic import Field, StringConstraints, model_validator

from meshhook_alerts.application.detection_document import Strict, seconds
from meshhook_alerts.domain.policy import EscalationStep

_DAY = 86_400
_Name = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=80)]
_Wait = Annotated[int, Field(ge=60, le=30 * _DAY)]


class EscalationDocument(Strict):
    """Whom to tell of an alert that nobody has acknowledged for so long."""

    after_seconds: _Wait = Field(description="Counted from the first message about the alert.")
    channels: list[_Name] = Field(min_length=1, max_length=50)

    def step(self) -> EscalationStep:
        """In the engine's words."""
        return EscalationStep(timedelta(seconds=self.after_seconds), tuple(self.channels))

    @classmethod
    def of(cls, step: EscalationStep) -> EscalationDocument:
        """The other way round."""
        after = int(step.after.total_seconds())
        return cls(after_seconds=after, channels=list(step.channels))


class LifeDocument(Strict):
    """The part of the settings that says what becomes of an open alert."""

    acknowledged_for_seconds: int | None = Field(default=None, ge=60, le=7 * _DAY, description="How long an acknowledgement holds; then whoever knows of the alert is reminded.")  # fmt: skip
    reminders_seconds: list[_Wait] | None = Field(default=None, max_length=10, description="How long after the last message to remind, time after time; the last goes on for ever. Empty: never.")  # fmt: skip
    close_after_seconds: int | None = Field(default=None, ge=0, le=90 * _DAY, description="How long after its last failure an alert is closed without a recovery; 0: never.")  # fmt: skip
    escalation: list[EscalationDocument] | None = Field(default=None, max_length=10, description="Who else is told while nobody acknowledges, step by step.")  # fmt: skip
    default_channel: _Name | None = Field(default=None, description="Project only: the channel that hears what no rule brought to one.")  # fmt: skip
    flapping: bool | None = Field(default=None, description="Whether what keeps ending and coming back becomes one notice.")  # fmt: skip

    @model_validator(mode="after")
    def _steps_follow(self) -> Self:
        waits = [each.after_seconds for each in self.escalation or ()]
        if waits != sorted(set(waits)):
            raise ValueError("escalation: each step must come later than the one before it")
        return self

    @model_validator(mode="after")
    def _closing_takes_a_while(self) -> Self:
        if self.close_after_seconds and self.close_after_seconds < 3600:
            raise ValueError(
                "close_after_seconds: at least an hour, or 0 for never; what fails now and then would"
                " be closed in between"
            )
        return self

    def life_values(self) -> dict[str, Any]:
        """In the engine's words; what is not set is None."""
        reminders = self.reminders_seconds
        return {
            "acknowledged_for": seconds(self.acknowledged_for_seconds),
            "reminders": None
            if reminders is None
            else tuple(timedelta(seconds=each) for each in reminders),
            "close_after": seconds(self.close_after_seconds),
            "escalation": None
            if self.escalation is None
            else tuple(each.step() for each in self.escalation),
            "default_channel": self.default_channel,
            "flapping": self.flapping,
        }
