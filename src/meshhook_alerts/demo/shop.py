"""The demo's project: a shop with its workflows, its alert settings and its channels."""

from __future__ import annotations

from typing import Any

from meshhook_alerts.application.change_settings import SettingsRequest
from meshhook_alerts.application.settings_ports import Caller
from meshhook_alerts.bootstrap import Service
from meshhook_alerts.demo.meshhook import SAMPLE_WORKFLOWS, Plot, SampleEngine, SeededProject
from meshhook_alerts.domain.identifiers import PLATFORM

NAME = "Corner Shop"
VITAL = "order-intake"
"""The workflow whose failures are critical."""

STORIES: dict[str, dict[Plot, float]] = {
    "order-intake": {Plot.SUCCEEDS: 30, Plot.RETRIES_THEN_SUCCEEDS: 4, Plot.SERVER_ERROR: 2},
    "invoice-sync": {Plot.SUCCEEDS: 15, Plot.UNAUTHORIZED: 2, Plot.UNSTORABLE_RESPONSE: 0.5},
    "crm-contacts": {Plot.SUCCEEDS: 20, Plot.SECRET_IN_ERROR: 1, Plot.TIMEOUT: 1},
    "shipping-labels": {Plot.SUCCEEDS: 20, Plot.DNS_FAILURE: 1.5, Plot.DEAD_LETTERED: 0.5},
    "nightly-report": {Plot.SUCCEEDS: 12, Plot.WORKER_DIES: 1, Plot.NEVER_STARTED: 0.5},
    "refund-notify": {Plot.SUCCEEDS: 20, Plot.CONNECTION_REFUSED: 1, Plot.MARKED_FAILED: 0.5},
}
"""How each workflow's runs go: mostly well, and each with troubles of its own."""


async def open_shop(
    engine: SampleEngine, service: Service, caller: Caller, hook: str, secret: str
) -> SeededProject:
    """Creates the project, or finds it from an earlier start, and sets its alerts up through the
    same use case as ``POST /api/alerts/settings``."""
    assert caller.subject is not None
    shop = await engine.seed(NAME, caller.subject, SAMPLE_WORKFLOWS)
    await service.change_settings(_project_settings(shop, hook, secret), caller)
    await service.change_settings(_vital_settings(shop), caller)
    await service.operator.save(
        SettingsRequest.model_validate({"project_id": PLATFORM, "grace_seconds": 10})
    )
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
