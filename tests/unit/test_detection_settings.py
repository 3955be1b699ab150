"""What settings say about detection: written, laid over each other, and shown again."""

from __future__ import annotations

from datetime import time, timedelta
from typing import Any

import pytest
from pydantic import ValidationError

from meshhook_alerts.application.settings_document import SettingsDocument
from meshhook_alerts.domain import kinds
from meshhook_alerts.domain.expected_interval import ExpectedInterval
from meshhook_alerts.domain.failure_rate import FailureRate
from meshhook_alerts.domain.policy import PRODUCT_DEFAULTS, EffectiveSettings, lay_over
from meshhook_alerts.entrypoints.api.settings_routes import _effective

OFFICE = {"every_seconds": 3600, "time_zone": "Europe/Berlin", "weekdays": ["mon", "fri"],
          "from": "09:00:00", "to": "17:30:00"}  # fmt: skip
RATE = {"percent": 20, "window_seconds": 900, "at_least": 5}
EVERYTHING = {
    "grace_seconds": 90, "no_events_after_seconds": 45, "pause_limit_seconds": 3600,
    "deadline_seconds": 600, "poison_reads": 4, "queue_lag_limit_seconds": 120,
    "queue_depth_limit": 50, "dead_letter_limit": 0, "fleet_window_seconds": 300, "expected": OFFICE,
    "failure_rate": RATE, "consecutive": 3, "detect": {"job_retrying": True, "queue_lag": False},
}  # fmt: skip


def effective(project: dict[str, Any], workflow: dict[str, Any] | None = None) -> EffectiveSettings:
    layers = {"project": project, "workflow": workflow or {}}
    settings = PRODUCT_DEFAULTS
    for level, document in layers.items():
        settings = lay_over(settings, SettingsDocument.model_validate(document).layer(), level)
    return settings


def test_every_threshold_reaches_the_engine() -> None:
    settings = effective(EVERYTHING)
    assert settings.grace == timedelta(seconds=90)
    assert settings.deadline == timedelta(minutes=10)
    assert settings.dead_letter_limit == 0
    assert settings.expected == ExpectedInterval(
        timedelta(hours=1), "Europe/Berlin", frozenset({0, 4}), time(9), time(17, 30)
    )
    assert settings.failure_rate == FailureRate(20, timedelta(minutes=15), 5)
    changed = {name for name, origin in settings.origin.items() if origin == "project"}
    assert len(changed) == len(EVERYTHING)


def test_every_threshold_that_a_kind_names_is_a_setting() -> None:
    named = {name for kind in kinds.KINDS.values() for name in kind.thresholds}
    assert named <= set(EffectiveSettings.__dataclass_fields__)


def test_every_setting_has_an_origin() -> None:
    fields = set(EffectiveSettings.__dataclass_fields__) - {"origin"}
    assert dict.fromkeys(fields, "default") == PRODUCT_DEFAULTS.origin


def test_switches_are_laid_over_one_by_one() -> None:
    settings = effective(
        {"detect": {"queue_lag": False, "job_retrying": True}}, {"detect": {"job_retrying": False}}
    )
    assert not settings.detects(kinds.QUEUE_LAG)
    assert not settings.detects(kinds.JOB_RETRYING)
    assert settings.detects(kinds.QUEUE_DEPTH)
    assert not settings.detects(kinds.RETRYING)  # off unless asked for
    assert settings.origin["rules_on"] == "workflow"


def test_what_is_shown_can_be_written_again() -> None:
    shown = {name: each.value for name, each in _effective(effective(EVERYTHING)).items()}
    for name, value in EVERYTHING.items():
        assert shown[name] == value or name == "detect"
    assert shown["detect"]["job_retrying"]
    assert not shown["detect"]["queue_lag"]
    again = {name: shown[name] for name in EVERYTHING}
    assert effective(again).expected == effective(EVERYTHING).expected
    assert effective(again).grace == effective(EVERYTHING).grace


def test_what_is_not_set_is_shown_under_the_same_names() -> None:
    shown = _effective(PRODUCT_DEFAULTS)
    assert set(EVERYTHING) <= set(shown)
    assert shown["deadline_seconds"].value is None
    assert shown["expected"].value is None
    assert shown["grace_seconds"].value == 60
    assert {each.origin for each in shown.values()} == {"default"}


def test_a_document_is_stored_as_it_is_written() -> None:
    dumped = SettingsDocument.model_validate({"expected": OFFICE}).model_dump(mode="json")
    assert dumped["expected"] == OFFICE


@pytest.mark.parametrize(
    ("document", "complaint"),
    [
        ({"detect": {"queue_lags": True}}, "nothing looks for queue_lags; known are "),
        ({"detect": {"custom": True}}, "nothing looks for custom"),
        ({"expected": {"every_seconds": 60, "time_zone": "Berlin"}}, "no time zone is called 'Berlin'"),
        ({"expected": {"every_seconds": 60, "from": "09:00+01:00"}}, "without an offset"),
        ({"expected": {"every_seconds": 60, "weekdays": ["monday"]}}, "mon"),
        ({"expected": {"every_seconds": 59}}, "60"),
        ({"failure_rate": {"percent": 0, "window_seconds": 60}}, "greater than or equal to 1"),
        ({"consecutive": 1}, "greater than or equal to 2"),
        ({"grace": 60}, "Extra inputs"),
    ],
)  # fmt: skip
def test_what_cannot_be_meant_is_refused_with_its_reason(
    document: dict[str, Any], complaint: str
) -> None:
    with pytest.raises(ValidationError, match=complaint):
        SettingsDocument.model_validate(document)
