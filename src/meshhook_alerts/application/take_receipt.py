"""Receipts: what the other side of a channel says later of a message it had accepted."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol
from uuid import UUID

from meshhook_alerts.application.channel_document import destination_of, unseal
from meshhook_alerts.application.ports import (
    ChannelPlugin,
    Destination,
    Receipt,
    ReceiptRequest,
    SecretBox,
    UnreadableSecret,
    UnsignedReceipt,
)
from meshhook_alerts.application.problems import NotFound
from meshhook_alerts.domain.redaction import redact, redact_name

_log = logging.getLogger(__name__)
_LONGEST = 300


class ReceiptStore(Protocol):
    """Messages that receipts may come for."""

    async def destination(self, channel_id: UUID, notification_id: UUID) -> Destination | None:
        """The channel a message went to, if it did."""

    async def record(self, notification_id: UUID, receipt: Receipt, channel: str) -> bool:
        """Keeps it; whether the message is now known to have reached nobody."""


@dataclass(frozen=True, slots=True)
class TakeReceipt:
    """``POST /api/alerts/receipts/{channel_id}/{notification_id}``: only the provider's signature lets in."""

    store: ReceiptStore
    channels: Mapping[str, ChannelPlugin]
    secrets: SecretBox
    base_url: str | None

    async def __call__(
        self, channel_id: UUID, notification_id: UUID, headers: Mapping[str, str], body: bytes
    ) -> None:
        """Takes it in.

        Raises:
            NotFound: no such message, or it is not signed as it must be; both in the same words.
        """
        found = await self.store.destination(channel_id, notification_id)
        read: Any = getattr(self.channels.get(found.kind), "receipt", None) if found else None
        if found is None or read is None or not self.base_url:
            raise NotFound("receipt")
        url = receipt_url(self.base_url, channel_id, notification_id)
        try:
            config = self._config(found)
            receipt: Receipt | None = read(ReceiptRequest(url, headers, body), config)
        except (UnsignedReceipt, UnreadableSecret, ValueError) as problem:
            _log.warning(
                "receipt for channel %r not taken in: %s", redact_name(found.name), problem
            )
            raise NotFound("receipt") from None
        if receipt is not None:
            await self._record(notification_id, receipt, found)

    async def _record(self, notification_id: UUID, receipt: Receipt, found: Destination) -> None:
        detail = redact(receipt.detail)[:_LONGEST]
        name = redact_name(found.name)
        kept = Receipt(receipt.part[:100], receipt.state, detail)
        if await self.store.record(notification_id, kept, name):
            _log.warning(
                "notification %s was accepted by channel %r and reached nobody: %s; what it told counts as untold",
                notification_id, name, detail,
            )  # fmt: skip

    def _config(self, found: Destination) -> Any:
        plugin = self.channels[found.kind]
        values = dict(found.config)
        if found.secrets:
            place = destination_of(plugin.config_model, found.config)
            values |= unseal(self.secrets, found.secrets, (found.project_id, found.id), place)
        return plugin.config_model.model_validate(values)


def receipt_url(base: str, channel_id: UUID, notification_id: UUID) -> str:
    """Where receipts for a message come to."""
    return f"{base.rstrip('/')}/api/alerts/receipts/{channel_id}/{notification_id}"
