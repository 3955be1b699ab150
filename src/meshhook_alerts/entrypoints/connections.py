"""Connections to the API: whoever opens one and says nothing is let go."""

from __future__ import annotations

import asyncio
from collections import Counter
from typing import Any

from uvicorn.protocols.http.auto import AutoHTTPProtocol

HEADER_SECONDS = 10.0
"""How long the beginning of a request, its headers included, may take to come."""
CONNECTIONS_LIMIT = 1_000
"""Open at once; beyond it callers hear 503."""
PER_ADDRESS_LIMIT = CONNECTIONS_LIMIT // 2
"""Of one address: whoever opens all it can leaves half to others. A proxy has one address, too."""

_BUSY = b"HTTP/1.1 503 Service Unavailable\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"
_open: Counter[str] = Counter()
"""Address → its connections now."""


class PatientProtocol(AutoHTTPProtocol):  # type: ignore[misc,valid-type]
    """The library's, with an end to its patience: it waits for headers for ever."""

    _patience: asyncio.TimerHandle | None = None
    _address = ""

    def connection_made(self, transport: Any) -> None:
        """Somebody has connected."""
        super().connection_made(transport)
        self._address = str((transport.get_extra_info("peername") or ("unknown",))[0])
        _open[self._address] += 1
        if _open[self._address] > PER_ADDRESS_LIMIT:
            transport.write(_BUSY)
            transport.close()
        else:
            self._wait()

    def data_received(self, data: bytes) -> None:
        """Something has come; a request has begun once its headers are there."""
        super().data_received(data)
        begun = self.cycle is not None and not self.cycle.response_complete
        if begun and self._patience is not None:
            self._patience.cancel()
            self._patience = None
        elif not begun and self._patience is None:
            self._wait()

    def connection_lost(self, exc: Exception | None) -> None:
        """The other side has gone, or was let go."""
        if self._patience is not None:
            self._patience.cancel()
        _open[self._address] -= 1
        if not _open[self._address]:
            del _open[self._address]
        super().connection_lost(exc)

    def _wait(self) -> None:
        self._patience = self.loop.call_later(HEADER_SECONDS, self._let_go)

    def _let_go(self) -> None:
        self._patience = None
        if self.cycle is None or self.cycle.response_complete:
            self.transport.close()
