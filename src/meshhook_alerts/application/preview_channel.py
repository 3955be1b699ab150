"""What a channel would have sent of the last failures, and what it would have cost, before anything is sent."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Protocol
from uuid import UUID

from meshhook_alerts.application.ports import ChannelPlugin, Preview
from meshhook_alerts.application.problems import NotFound
from meshhook_alerts.application.settings_ports import Caller
from meshhook_alerts.domain.alert import Alert
from meshhook_alerts.domain.decision import PlannedNotification
from meshhook_alerts.domain.failure import Fold
from meshhook_alerts.domain.message import Content, Links, compose
from meshhook_alerts.domain.policy import DEFAULT_RULE, Channel, ProjectPolicy
from meshhook_alerts.domain.reasons import Reason

LAST = 20
"""Failures that are looked at."""


@dataclass(frozen=True, slots=True)
class Known:
    """A channel as it is set up, without its secrets."""

    id: UUID
    project_id: UUID
    project: str | None
    name: str
    kind: str
    config: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Previewed:
    """One message that was not sent."""

    at: datetime
    headline: str
    preview: Preview


class PastFailures(Protocol):
    """What has failed, as far as the caller may see it."""

    async def known(self, channel_id: UUID, caller: Caller) -> Known | None:
        """The channel."""

    async def last(
        self, project_id: UUID, caller: Caller, limit: int
    ) -> Sequence[tuple[Fold, Alert]]:
        """The project's last failures, the newest first, each with its alert as it is now."""


@dataclass(frozen=True, slots=True)
class PreviewChannel:
    """``POST /api/alerts/channels/{id}/preview`` and ``meshhook-alerts channels test NAME --dry-run``."""

    past: PastFailures
    channels: Mapping[str, ChannelPlugin]
    links: Links
    subject: Callable[[Content], str]
    """What stands for a message of a channel that has no preview of its own."""

    async def __call__(self, channel_id: UUID, caller: Caller) -> list[Previewed]:
        """The messages, the most expensive first; one about nothing real where nothing has failed yet.

        Raises:
            NotFound: no such channel, or not the caller's to see.
        """
        channel = await self.past.known(channel_id, caller)
        if channel is None:
            raise NotFound(f"channel {channel_id}")
        failures = await self.past.last(channel.project_id, caller, LAST)
        found = [self._previewed(channel, fold, alert) for fold, alert in failures]
        return sorted(found, key=lambda each: (-each.preview.size, -len(each.preview.text)))

    def _previewed(self, channel: Known, fold: Fold, alert: Alert) -> Previewed:
        planned = PlannedNotification(
            id=fold.id, alert=alert, fold=fold, channel=Channel(channel.id, channel.name, channel.kind),
            rule=DEFAULT_RULE, reason=Reason.STILL_FAILING if alert.count > 1 else Reason.FIRST_FAILURE,
            severity=fold.severity, at=fold.at, new_failures=alert.count, since=alert.opened_at,
        )  # fmt: skip
        policy = ProjectPolicy(channel.project_id, project_name=channel.project)
        content = compose(planned, policy, self.links)
        return Previewed(fold.at, content["headline"], self._preview(channel, content))

    def _preview(self, channel: Known, content: Content) -> Preview:
        plugin = self.channels.get(channel.kind)
        preview: Any = getattr(plugin, "preview", None)
        if plugin is None or preview is None:
            return Preview(self.subject(content), 1, "1 message")
        # Secrets are not opened for this: no preview needs them.
        found: Preview = preview(content, plugin.config_model.model_construct(**channel.config))
        return replace(found, text=found.text[:2_000])
