"""What an operator sets up, for tests."""

from __future__ import annotations

from meshhook_alerts.application.change_settings import SettingsRequest
from meshhook_alerts.application.settings_ports import Caller
from meshhook_alerts.bootstrap import Service
from meshhook_alerts.domain.identifiers import PLATFORM
from tests.line import Receiver

SERVICE_ROLE = Caller("service_role", {"role": "service_role"}, None)


async def operator_hook(service: Service, receiver: Receiver, **document: object) -> None:
    """The operator's settings, with one webhook channel."""
    channel = {"name": "operators", "kind": "webhook",
               "config": {"url": receiver.url, "secret": receiver.secret}}  # fmt: skip
    request = {"project_id": str(PLATFORM), "channels": [channel], **document}
    await service.change_settings(SettingsRequest.model_validate(request), SERVICE_ROLE)
