"""Error texts as workflows write them, with a place for a secret."""

from __future__ import annotations

from hashlib import sha256

# {s} is the secret, {p} the provider as a word, {P} as part of a setting's name. About half of them
# say nothing that would give the secret away by its neighbour.
_FORMS = (
    "Error: HTTP 401: Incorrect API key provided: {s}. You can find yours in the console",
    "Error: {p} answered 403 for {s}",
    "Error: GET https://api.{p}.example/v1/items?limit=20&key={s} HTTP 400",
    'Error: HTTP 422: {{"message":"invalid","{p}_token":"{s}","code":17}}',
    "Error: the request with {s} was refused",
    "TypeError: Invalid value {s}\n    at Client.send (/app/node_modules/{p}/lib/client.js:83:11)",
    "Error: env {P}_API_KEY={s} is not accepted",
    'Error: HTTP 400: {{\\"auth\\":{{\\"value\\":\\"{s}\\"}}}}',
    "Error: header 'Authorization: Bearer {s}' rejected by {p}",
    "Error: GET https://hooks.{p}.example/services/{s}/send HTTP 404",
    "{p}.errors.BadRequest: unexpected argument '{s}' (request 81f2)",
    "Error: Command failed: {p} deploy --token {s} --yes",
    "Error: login to {p} failed for ci:{s}",
    "ValueError: could not parse [{s}] as json",
    "Error: {p}Client(secret='{s}') has no permission",
    "Error: upload to {p} failed, credentials {s} expired",
)


def with_secret(secret: str, kind: str, number: int) -> str:
    """One of the texts with ``secret`` in it; which one depends on the kind and the number alone."""
    provider = kind.partition("-")[0]
    place = sha256(f"{kind} {number}".encode()).digest()[0] % len(_FORMS)
    return _FORMS[place].format(s=secret, p=provider, P=provider.upper().replace(".", "_"))
