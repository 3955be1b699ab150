"""The one gate that every text passes before it is stored, shown or sent.

The first wall is the allow-list of message fields; this is the second. It removes what looks like
a secret and keeps what a reader needs: host names, statuses, error names.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache

import re2

MAX_LENGTH = 1000
"""Longest text kept, in characters; what is cut is marked with an ellipsis."""

VERSION = 1
"""Counts up with each change of the patterns; stored beside what was redacted."""

# Control characters, lone surrogates, what turns the direction of writing, invisible marks, and
# line ends that only some readers take for such (a mail header must not hold one).
_UNSAFE = re.compile(
    r"[\x00-\x08\x0b-\x1f\x7f-\x9f\xad\u061c\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f"
    r"\ud800-\udfff\ufeff\ufff9-\ufffb\U000e0000-\U000e007f]"
)

_KEYS = (
    r"pass(?:word|wd|phrase)?|pwd|secret|token|api[-_ ]?key|apikey|access[-_]?key|private[-_]?key"
    r"|client[-_]?secret|credential|auth|authorization|cookie|session(?:id)?|signature|sig"
)

# Cheap tests first: most error texts hold none of these, and then nothing else is looked at. RE2
# answers in the same short time whatever the text; the patterns below need look-aheads it lacks.
_SUSPECT = re2.compile(
    r"(?i)://[^\s/]*@|bearer|basic |-----begin|eyJ|[?&;\s\"'{,][a-z_-]*(?:" + _KEYS + r")[a-z_-]*"
    r"[\"']?\s*[=:]|^(?:" + _KEYS + r")[\"']?\s*[=:]|@"
)
_LONG_WORD = re.compile(r"[A-Za-z0-9+/_.-]{12}")
_BY_THEMSELVES = frozenset({"provider token", "long random text"})
"""Patterns that need no telling word beside the secret: tried on every long word."""

_PATTERNS: tuple[tuple[str, re.Pattern[str], str | Callable[[re.Match[str]], str]], ...] = (
    (
        "private key",
        re.compile(r"-----BEGIN [A-Z ]{0,40}-----[\s\S]*?(?:-----END [A-Z ]{0,40}-----|$)"),
        "[private key removed]",
    ),
    ("URL credentials", re.compile(r"(://)[^\s/@]*(?:@[^\s/@]*)*@"), r"\1[credentials removed]@"),
    (
        "authorization",
        re.compile(r"(?i)\b(bearer|basic|digest|token)\s+[A-Za-z0-9._~+/=-]{6,}"),
        r"\1 [removed]",
    ),
    (
        "key and value",
        re.compile(
            r"(?i)([\"']?[a-z0-9_.-]{0,40}(?:" + _KEYS + r")[a-z0-9_.-]{0,20}[\"']?\s*[=:]\s*)"
            r"(?!\[)(\"[^\"]*\"|'[^']*'|[^\s&,;\"'}]+)"
        ),
        r"\1[removed]",
    ),
    ("JWT", re.compile(r"\beyJ[\w-]{5,}\.[\w-]{5,}(?:\.[\w-]*)?"), "[token removed]"),
    (
        "provider token",
        re.compile(
            r"\b(?:gh[pousr]_|github_pat_|glpat-|xox[abeprs]-|[srp]k_(?:live|test)_|whsec_|SG\.|AKIA"
            r"|ASIA|AIza|ya29\.|npm_|pypi-|dop_v1_|sq0[a-z]{3}-|sbp_|hf_)[\w.-]{8,}"
        ),
        "[token removed]",
    ),
    (
        "e-mail address",
        re.compile(r"[\w.+-]{1,64}@(?=[\w-]+(?:\.[\w-]+)+)"),
        "[address removed]@",
    ),
    (
        "long random text",
        # The look-aheads ask for a digit and both cases, so long words and paths stay.
        re.compile(
            r"(?<![\w/+-])(?=[\w+/-]*\d)(?=[\w+/-]*[a-z])(?=[\w+/-]*[A-Z])[\w+/-]{24,}={0,2}"
        ),
        "[token removed]",
    ),
)


@lru_cache(maxsize=4096)
def clean_line(text: str, limit: int = 200) -> str:
    """``text`` on one line, without unsafe characters, cut to ``limit``; for names, which must
    stay recognisable: nothing that only looks like a secret is taken out."""
    if len(text) <= limit and text.isprintable() and "  " not in text and text == text.strip():
        return text
    line = " ".join(_UNSAFE.sub(" ", text[: 2 * limit]).split())
    return line if len(line) <= limit else line[: limit - 1].rstrip() + "…"


@lru_cache(maxsize=4096)
def redact_line(text: str, limit: int = 200) -> str:
    """As `redact`, on one line and cut to ``limit``; for what others call their nodes and labels."""
    return clean_line(redact(text), limit)


@lru_cache(maxsize=64)  # one failure's text is asked for more than once, shortly after
def redact(text: str) -> str:
    """``text`` cleaned of control characters, cut to ``MAX_LENGTH``, its secrets replaced.

    Cut before the patterns run, with room to spare, so that time stays bounded for any input; a
    secret that the cut halves still starts inside and is removed.
    """
    clean = _UNSAFE.sub(" ", text[: 2 * MAX_LENGTH]) if not text.isprintable() else text
    clean = clean[: 2 * MAX_LENGTH]
    suspect = _SUSPECT.search(clean) is not None
    if suspect or _LONG_WORD.search(clean):
        for name, pattern, replacement in _PATTERNS:
            if suspect or name in _BY_THEMSELVES:
                clean = pattern.sub(replacement, clean)
    if len(clean) > MAX_LENGTH or len(text) > 2 * MAX_LENGTH:
        return clean[: MAX_LENGTH - 1].rstrip() + "…"
    return clean
