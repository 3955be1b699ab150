"""Sensible settings for a project that has none, with the reasons."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from pydantic import Field

from meshhook_alerts.application.detection_document import Strict
from meshhook_alerts.application.patch_settings import PatchSettings, Saved
from meshhook_alerts.application.read_settings import ReadSettings
from meshhook_alerts.application.settings_ports import Caller
from meshhook_alerts.domain.policy import DEFAULT_RULE, PRODUCT_DEFAULTS

CHANNEL = "E-mail"

DEFAULTS: Mapping[str, Any] = {
    "rules": [{"name": DEFAULT_RULE.name, "when": {"minimum_severity": "error"}}],
    "cooldown_seconds": int(PRODUCT_DEFAULTS.cooldown.total_seconds()),
    "storm_summaries": True,
    "acknowledged_for_seconds": int(PRODUCT_DEFAULTS.acknowledged_for.total_seconds()),
    "reminders_seconds": [int(each.total_seconds()) for each in PRODUCT_DEFAULTS.reminders],
    "close_after_seconds": int(PRODUCT_DEFAULTS.close_after.total_seconds()),
}
REASONS: Mapping[str, str] = {
    "rules": "Whatever keeps a run from completing is told; an attempt that will be tried again is no news.",
    "cooldown_seconds": "The first failure is told at once; of one that goes on you hear every half hour, with"
    " the number that came meanwhile.",
    "storm_summaries": "When everything fails at once, a few messages and then summaries say more than hundreds.",
    "acknowledged_for_seconds": "Somebody who takes a trouble in hand has an afternoon; then it is asked after.",
    "reminders_seconds": "What nobody takes in hand is said again after 1, 4 and 24 hours, and then daily.",
    "close_after_seconds": "What has not failed for three days is closed and said to be, so that the list stays short.",
    "quiet_periods": "None: nobody but you knows when you sleep. Critical failures would come through anyway.",
    "channels": "Your own address, for you are the one who asked. Add a webhook when people share the work.",
}


class DefaultsRequest(Strict):
    """Who is to be told."""

    to: list[str] | None = Field(
        default=None,
        max_length=50,
        description="E-mail addresses; left out: the one you are signed in with.",
    )


@dataclass(frozen=True, slots=True)
class SetUp:
    """What a project got, and what is left to do."""

    saved: Saved
    done: bool
    """False: it had settings of its own, and they stayed."""
    next: str


@dataclass(frozen=True, slots=True)
class SetUpDefaults:
    """``POST /api/alerts/settings/{project_id}/defaults``."""

    read: ReadSettings
    patch: PatchSettings

    async def __call__(self, project_id: UUID, request: DefaultsRequest, caller: Caller) -> SetUp:
        """Saves the defaults, if the project has neither settings nor channels.

        Raises:
            InvalidRequest: an address that is none, or no mail server to send with.
            NotFound: no such project for this caller.
        """
        view = await self.read(project_id, None, caller)
        if view.version or view.stored.channels:
            return SetUp(Saved(view, False, []), False, _next(bool(view.stored.channels)))
        signed_in = caller.claims.get("email")
        to = request.to if request.to is not None else [signed_in] if signed_in else []
        channels = [{"name": CHANNEL, "kind": "email", "config": {"to": to}}] if to else []
        wanted = {"project_id": str(project_id), **DEFAULTS, "channels": channels}
        return SetUp(await self.patch.replace(wanted, caller), True, _next(bool(channels)))


def _next(reaches_somebody: bool) -> str:
    if reaches_somebody:
        return (
            "Try it: POST /api/alerts/channels/{id}/test, or `meshhook-alerts channels test NAME`."
        )
    return "Nobody is told yet: name an address in `to`, or add a channel with POST /api/alerts/settings."
