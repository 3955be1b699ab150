"""Requests as senders make them: credentials in the headers, people's data in the body.

MeshHook stores both whole in the first event of a run, so nothing of them may ever reach a
message. Everything here is made up.
"""

from __future__ import annotations

import json
import random
from dataclasses import dataclass, replace
from typing import Any

from meshhook_alerts.demo.meshhook.calls import made_up_secret

_FIRST_NAMES = ("Ada", "Bruno", "Chiara", "Daniel", "Elif", "Femi", "Greta", "Hanno")
_LAST_NAMES = ("Abel", "Brandt", "Costa", "Dogan", "Eriksen", "Fischer", "Gruber", "Horvat")
_STREETS = ("Mill Lane", "Station Road", "Orchard Close", "Harbour Street")


@dataclass(frozen=True, slots=True)
class IncomingRequest:
    """What the intake stores of a request: all headers in lower case, the body as text."""

    headers: dict[str, str]
    body: str

    @property
    def payload(self) -> dict[str, Any]:
        """The payload of the run's first event."""
        return {"headers": self.headers, "body": self.body}

    def with_nul(self) -> IncomingRequest:
        """The same request with a NUL in its body, which no jsonb can hold."""
        return replace(self, body=f"{self.body}\x00")


def made_up_request(slug: str, rng: random.Random) -> IncomingRequest:
    """A sender's request to a workflow."""
    body = json.dumps({"event": slug, "id": rng.randrange(10**6), "customer": _person(rng)})
    headers = {
        "host": "meshhook.example",
        "user-agent": "shop-webhooks/2.4",
        "content-type": "application/json",
        "content-length": str(len(body)),
        "x-forwarded-for": f"198.51.100.{rng.randint(1, 254)}",
        "x-request-id": f"{rng.getrandbits(64):016x}",
        "x-signature": f"sha256={rng.getrandbits(256):064x}",
        "authorization": " ".join(("Bearer", made_up_secret(rng, 40))),
        "cookie": f"session={made_up_secret(rng, 32)}; theme=dark",
    }
    return IncomingRequest(headers, body)


def _person(rng: random.Random) -> dict[str, str]:
    first, last = rng.choice(_FIRST_NAMES), rng.choice(_LAST_NAMES)
    return {
        "name": f"{first} {last}",
        "email": f"{first}.{last}@customers.example".lower(),
        "phone": f"+1-202-555-01{rng.randrange(100):02d}",
        "address": f"{rng.randint(1, 99)} {rng.choice(_STREETS)}",
        "born": f"{rng.randint(1950, 2004)}-{rng.randint(1, 12):02d}-{rng.randint(1, 28):02d}",
    }
