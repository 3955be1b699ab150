"""Domain names in ASCII, as mail and the DNS have them."""

from __future__ import annotations

import re

import idna

_DOMAIN = re.compile(r"(?!-)[a-z0-9-]{1,63}(?<!-)(\.(?!-)[a-z0-9-]{1,63}(?<!-))*")


def in_ascii(domain: str) -> str:
    """``domain`` in small ASCII letters, after IDNA 2008 (RFC 5891, UTS 46): under the older rules
    "faß.de" would be "fass.de", which is somebody else's.

    Raises:
        ValueError
    """
    try:
        name = domain.lower() if domain.isascii() else idna.encode(domain, uts46=True).decode()
    except idna.IDNAError:
        name = ""
    if len(name) > 253 or not _DOMAIN.fullmatch(name):
        raise ValueError("The part after the @-sign is not a valid domain")
    return name
