"""A real HTTP server on loopback, as the demo's webhook receiver: it checks every signature."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

from aiohttp import web

from meshhook_alerts.demo.spool import Spool


@asynccontextmanager
async def webhook_receiver(spool: Spool, secret: str) -> AsyncIterator[str]:
    """Listens on a free port of 127.0.0.1 while the block runs; yields the webhook's URL."""

    async def take(request: web.Request) -> web.Response:
        body = await request.read()
        if not is_signed(request.headers, body, secret):
            return web.Response(status=401, text="signature does not fit")
        spool.add({"id": request.headers["webhook-id"], "body": json.loads(body)})
        return web.Response(text="kept")

    app = web.Application()
    app.router.add_post("/hook", take)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}/hook"
    finally:
        await runner.cleanup()


def is_signed(headers: Mapping[str, str], body: bytes, secret: str) -> bool:
    """Whether a request bears a right signature, by Standard Webhooks 1.0 (``v1``)."""
    key = base64.b64decode(secret.removeprefix("whsec_"))
    signed = f"{headers.get('webhook-id')}.{headers.get('webhook-timestamp')}.".encode() + body
    wanted = base64.b64encode(hmac.digest(key, signed, hashlib.sha256)).decode()
    given = headers.get("webhook-signature", "").split()
    return any(hmac.compare_digest(each, f"v1,{wanted}") for each in given)
