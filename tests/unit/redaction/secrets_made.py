"""Secrets for tests, made at run time: none stands in a file."""

from __future__ import annotations

import base64
import json
import random
import string

_DICE = random.Random(7)


def password() -> str:
    """A password as people choose them: no scanner would take it for random."""
    return f"hunter{_DICE.randrange(10, 99)}Secret"


def token(length: int = 32, letters: str = string.ascii_letters + string.digits) -> str:
    """A random token of letters and digits."""
    return "".join(_DICE.choices(letters, k=length - 3)) + "aZ9"


def hexadecimal(length: int = 32) -> str:
    """A random number in hexadecimal."""
    return "".join(_DICE.choices("0123456789abcdef", k=length - 2)) + "a7"


def web_token() -> str:
    """A JSON Web Token that nobody signed."""
    parts = ({"alg": "HS256"}, {"sub": "1", "role": "service"})
    encoded = [
        base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=") for part in parts
    ]
    return ".".join([*encoded, token(43)])
