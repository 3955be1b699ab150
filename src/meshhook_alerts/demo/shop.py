"""The demo's project: a shop with its workflows, its alert settings and its channels."""

from __future__ import annotations

from typing import Any

from meshhook_alerts.application.change_settings import Caller, SettingsRequest
from meshhook_alerts.bootstrap import Service
from meshhook_alerts.demo.meshhook import SampleEngine, SeededProject

NAME = "Corner Shop"
VITAL = "order-intake"
"""The workflow whose failures are critical."""


async def open_shop(
    engine: SampleEngine, service: Service, caller: Caller, hook: str, secret: str
) -> SeededProject:
    """Creates the project, or finds it from an earlier start, and sets its alerts up through the
    same use case as ``POST /api/alerts/settings``."""
    from meshhook_alerts.demo.meshhook import SAMPLE_WORKFLOWS

    assert caller.subject is not None
    shop = await engine.seed(NAME, caller.subject, SAMPLE_WORKFLOWS)
    await service.change_settings(_project_settings(shop, hook, secret), caller)
    await service.change_settings(_vital_settings(shop), caller)
    return shop


def _project_settings(shop: SeededProject, hook: str, secret: str) -> SettingsRequest:
    channels: list[dict[str, Any]] = [
        {"name": "On call", "kind": "email", "config": {"to": ["oncall@shop.example"]}},
        {"name": "Ops board", "kind": "webhook", "config": {"url": hook, "secret": secret}},
    ]
    rules: list[dict[str, Any]] = [
        {"name": "Every run that cannot complete", "when": {"minimum_severity": "error"}},
    ]
    return SettingsRequest.model_validate(
        {
            "project_id": shop.id,
            "stall_after_seconds": 20,
            "cooldown_seconds": 60,
            "rules": rules,
            "channels": channels,
        }
    )


def _vital_settings(shop: SeededProject) -> SettingsRequest:
    return SettingsRequest.model_validate(
        {
            "project_id": shop.id,
            "workflow": VITAL,
            "criticality": "critical",
            "cooldown_seconds": 30,
        }
    )
