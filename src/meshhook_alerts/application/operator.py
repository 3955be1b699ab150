"""The operator's settings: failures of the platform belong to no project, so they have a place of
their own, set up like any project's, by the service role."""

from __future__ import annotations

from dataclasses import dataclass

from meshhook_alerts.application.change_settings import ChangeSettings, SettingsRequest
from meshhook_alerts.application.channel_document import ChannelDocument, LimitDocument
from meshhook_alerts.application.read_settings import ReadSettings
from meshhook_alerts.application.settings_ports import Caller, StoredChannel
from meshhook_alerts.domain.identifiers import PLATFORM

OPERATOR = Caller("service_role", {"role": "service_role"}, None)
E_MAIL = "operator e-mail"
"""Name of the channel for which addresses are enough."""
E_MAIL_OF_VARIABLE = "operator e-mail, from the environment"
"""The one that the environment's address makes, and that goes with it; what was set up by hand stays."""


@dataclass(frozen=True, slots=True)
class OperatorSettings:
    """Reads and changes what the operator has set up."""

    read: ReadSettings
    change: ChangeSettings

    async def channels(self) -> list[StoredChannel]:
        """The channels that hear of failures of the platform, those switched off too.

        Raises:
            NotFound: our tables are not there.
        """
        view = await self.read(PLATFORM, None, OPERATOR)
        return list(view.stored.channels)

    async def save(self, request: SettingsRequest) -> None:
        """Saves settings of the platform.

        Raises:
            InvalidRequest
        """
        await self.change(request, OPERATOR)

    async def mail_to(self, *addresses: str, channel: str = E_MAIL) -> None:
        """Makes ``addresses`` hear by e-mail, over a channel of that name; none switches it off. What
        else is set stays.

        Raises:
            InvalidRequest: an address that is none.
        """
        view = await self.read(PLATFORM, None, OPERATOR)
        known = next((each for each in view.stored.channels if each.name == channel), None)
        if not addresses and (known is None or not known.enabled):
            return
        config = {"to": list(addresses)} if addresses or known is None else dict(known.config)
        limits = [LimitDocument.model_validate(each) for each in known.limits] if known else []
        wanted = ChannelDocument(
            name=channel, kind="email", enabled=bool(addresses), config=config, limits=limits
        )
        if known and known.enabled == wanted.enabled and known.config.get("to") == config["to"]:
            return
        own = view.stored.documents.get(None, {})
        await self.save(
            SettingsRequest.model_validate({**own, "project_id": PLATFORM, "channels": [wanted]})
        )
