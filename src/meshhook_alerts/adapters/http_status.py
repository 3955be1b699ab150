"""An answer's status, known from its first line on, whatever becomes of the rest.

A receiver that says "200" has the message. Headers too many or too large, two lengths, or bytes after
the body make the answer invalid, and the client library then knows nothing of it: to post again would
be to deliver twice.
"""

from __future__ import annotations

import re
from functools import partial
from typing import Any

from aiohttp import ClientConnectionError, ClientError, ClientResponse, TCPConnector
from aiohttp.client_proto import ResponseHandler

_STATUS_LINE = re.compile(rb"(?:^|\r?\n\r?\n)HTTP/1\.[01] ([2-5]\d\d)[ \r\n]")  # not those of 1xx
_HEAD_LIMIT = 64 * 1024  # bytes in which it is looked for, should interim answers come first


class StatusKnownError(ClientError):
    """The answer is not valid, but its status was read."""

    def __init__(self, status: int) -> None:
        super().__init__(status)
        self.status = status


class StatusKeepingConnector(TCPConnector):
    """A connector whose connections note each answer's status as it comes in."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        # No public way leads here; should it go, the tests of broken answers fail.
        handler: type[ResponseHandler] = _StatusKeepingHandler
        self._factory = partial(handler, loop=self._loop)


class StatusKeepingResponse(ClientResponse):
    """A response that raises ``StatusKnownError`` where its beginning was read and the rest is broken."""

    async def start(self, connection: Any) -> ClientResponse:
        """Reads the head of the answer."""
        handler = connection.protocol
        try:
            return await super().start(connection)
        except (ClientError, ClientConnectionError):
            status = getattr(handler, "status", None)
            if status is None:
                raise
            raise StatusKnownError(status) from None


class _StatusKeepingHandler(ResponseHandler):
    """Looks at the bytes of an answer before they are parsed."""

    status: int | None = None
    _head = b""

    def set_response_params(self, **params: Any) -> None:
        """Called before each request on the connection."""
        self.status, self._head = None, b""
        super().set_response_params(**params)

    def data_received(self, data: bytes) -> None:
        """Called for each piece of an answer."""
        if self.status is None and len(self._head) < _HEAD_LIMIT:
            self._head += data[:_HEAD_LIMIT]
            if found := _STATUS_LINE.search(self._head):
                self.status, self._head = int(found[1]), b""
        super().data_received(data)
