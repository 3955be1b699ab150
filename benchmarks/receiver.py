"""A webhook receiver that notes when each request's first byte comes; a process of its own."""

from __future__ import annotations

import asyncio
import json
import re
import time

_LENGTH = re.compile(rb"content-length: *(\d+)", re.IGNORECASE)
_ANSWER = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok"


class _Request(asyncio.Protocol):
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._data = b""
        self._first = 0.0

    def data_received(self, data: bytes) -> None:
        if not self._data:
            self._first = time.clock_gettime(time.CLOCK_MONOTONIC)
        self._data += data
        head, found, body = self._data.partition(b"\r\n\r\n")
        length = _LENGTH.search(head)
        if found and length and len(body) >= int(length.group(1)):
            self._data = b""
            self._transport.write(_ANSWER)
            node = json.loads(body)["data"]["node"]["id"]
            print(node, f"{self._first:.6f}", flush=True)


async def main() -> None:
    """Listens until it is ended, after saying where."""
    server = await asyncio.get_running_loop().create_server(_Request, "127.0.0.1", 0)
    print(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/hook", flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main())
