"""Shapes of tokens that give themselves away: prefixes that providers publish, so that scanners find
them, and forms that standards fix. Data: a new one is one line."""

from __future__ import annotations

import re
from collections.abc import Iterator

import re2

from meshhook_alerts.domain.redaction.bare import is_named_harmless, is_pod, is_random
from meshhook_alerts.domain.redaction.marks import Span

# Whatever follows one of these is a token: nobody begins a word so by chance.
_CERTAIN = (
    # Code and packages
    "gh[pousr]_", "github_pat_", "glpat-", "gl(?:dt|rt|ptt|ft|soat|imt|agent|cbt|oas|ffct|wt)-", "npm_",
    "pypi-", "dckr_(?:pat|oat)_", "bkua_", "AT(?:ATT|CTT)3x", "rubygems_", "CCIP(?:AT|RJ)_", "HRKU-",
    # Clouds
    "(?:AKIA|ASIA|ABIA|ACCA|AROA|AIDA|AGPA|ANPA)", "AIza", "ya29\\.", "GOCSPX-", "1//0", "do[oprt]_v1_",
    "hv[sbr]\\.", "dp\\.(?:pt|st|ct|sa|scim|audit)\\.", "ops_eyJ", "A3T[A-Z0-9]", "lin_(?:api|oauth)_",
    "fo1_", "FlyV1 ", "sbp_", "sb_(?:secret|publishable)_", "pscale_(?:tkn|pw|oauth)_", "LTAI",
    # Money
    "[srp]k_(?:live|test|prod)_", "whsec_", "sq0[a-z]{3}-", "shp(?:at|ca|pa|ss|ua)_", "rzp_(?:live|test)_",
    "access_token\\$production\\$", "FLW(?:SECK|PUBK)[_-]", "APP_USR-", "[ps]k\\.eyJ",
    # Models
    "sk-(?:ant|proj|svcacct|admin|or|lf)-", "hf_", "api_org_", "gsk_", "xai-", "pplx-", "tgp_v1_",
    "nvapi-", "lsv2_(?:pt|sk)_", "pcsk_", "tvly-",
    # Messages
    "xox[abceoprs](?:\\.xox[a-z])?-", "xapp-", "SG\\.", "xkeysib-", "PMAK-", "sntr[ysu]_", "phc_|phx_",
    "NR(?:AK|JS|AA|RA|II|IQ|SP)-", "gl(?:c|sa)_", "dt0[a-z]\\d\\d\\.", "pylf_", "pat-(?:na|eu)\\d-", "ntn_",
    "AGE-SECRET-KEY-1", "PRVKEY-", "fig[duo]_", "pnu_", "duffel_(?:test|live)_", "EZ[AT]K", "CFPAT-", "RGAPI-", "waka_",
)  # fmt: skip
# Prefixes that ordinary words have, too: what follows must look random.
_LIKELY = (
    "[a-z]{2,12}[_-](?:live|test|prod|sandbox|sk|pk|api|key|secret|token|pat)[_-]?", "[a-z]{2,6}[_-]",
    "[A-Z]{2,8}[_-]", "sk-", "dapi", "EAA[A-Za-z]", "oy2", "ATBB", "patt?", "SK", "AC", "mlsn\\.", "MG\\.",
    "sl\\.", "tk-us-", "u\\+", "dd[apw]", "r8_", "v1\\.", "scw-", "CRT", "KEY", "[a-z]{2,10}\\.",
)  # fmt: skip

_UUID = r"[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}"

_SHAPES = (
    # A UUID that is a key by its prefix; and words that say "live", with parts joined by dots
    r"\b(?:[srp]k|key|token|secret|pat)[_-](?:[a-z]{2,8}[_-])?" + _UUID,
    r"\b[a-z]{2,12}_(?:live|prod|sandbox)(?:_[a-z]{2,4})?\.[\w-]{20,}(?:\.[\w-]{20,})?",
    r"\bamzn\.mws\." + _UUID,
    # Incoming webhooks: who knows the whole address may post
    r"\b(?:services|workflows|triggers)/T[A-Z0-9_]{6,14}/[\w+-]{6,}/[\w+/-]{6,}",
    # JSON Web Tokens and Signatures (RFC 7515), also without their signature; "eyJ" is '{"'.
    r"\b[eE][yY][jJ][\w-]{8,}(?:\.[\w-]*){0,4}",
    # Telegram, Discord and other pairs of a number and a token
    r"\b(?:bot)?\d{8,10}:[\w-]{30,}",
    r"\b[MNO][\w-]{23,25}\.[\w-]{6}\.[\w-]{27,}",
    # PASETO, macaroons, crypt(3) hashes; PKCS, OpenSSH and SSH keys without their armour
    r"\bv[1-4]\.(?:local|public)\.[\w-]{20,}(?:\.[\w-]*)?",
    r"\bMDA[\w+/=-]{40,}",
    r"\$(?:1|2[abxy]?|5|6|7|y|gy|argon2(?:id?|d)|scrypt|pbkdf2[\w-]*)\$[\w./+=$,-]{16,}",
    r"\b(?:b3BlbnNzaC1rZXkt|MII[A-Za-z0-9])[\w+/=]{40,}",
    r"\bAAAA[BCE][0-9][\w+/=]{40,}",
    # AWS session tokens
    r"\b(?:IQoJb3JpZ2lu|FwoGZXIvYXdz|FQoGZXIvYXdz|AQICAH)[\w+/=%-]{20,}",
)

_PRIVATE_KEY = re2.compile(
    r"-----BEGIN[A-Z0-9 ]{0,60}-----(?s:.*?)(?:-----END[A-Z0-9 ]{0,60}-----|\z)"
    r"|PuTTY-User-Key-File-\d(?s:.*)"
)
_TOKEN = re2.compile(
    r"\b(?:"
    + "|".join(_CERTAIN)
    + r")[\w.+/=-]{7,}\w|"
    + "|".join(f"(?:{each})" for each in _SHAPES)
)
_LIKELY_TOKEN = re2.compile(r"\b(?:" + "|".join(_LIKELY) + r")([A-Za-z0-9_-]{10,})")
_ID = re.compile(_UUID)  # which may begin with "dda" or "oy2" by chance
_LONG_RUN = re2.compile(r"[\w.+/=:$-]{10}")
_NUMBERS = re2.compile(
    r"\b\d{15,16}\b|\b\d{4}[ -]\d{4}[ -]\d{4}[ -]\d{4}\b|\b\d{4}[ -]\d{6}[ -]\d{5}\b|\b\d{3}-\d{2}-\d{4}\b"
)
_JOINED_BEFORE, _JOINED_AFTER = re.compile(r"\w-$"), re.compile(r"-\w")
_NUMBER = re2.compile(r"\d{4}|\d{3}-")


def has_armour(text: str) -> bool:
    """Whether a private key's first line can stand in ``text``."""
    return "-----BEGIN" in text or "PuTTY-" in text


def private_keys(text: str) -> Iterator[Span]:
    """Private keys in their armour, to its end or that of the text."""
    for found in _PRIVATE_KEY.finditer(text):
        yield *found.span(), "[private key removed]"


def has_long_run(text: str) -> bool:
    """Whether any token is long enough to stand in ``text``."""
    return _LONG_RUN.search(text) is not None


def tokens(text: str) -> Iterator[Span]:
    """Tokens with a provider's prefix, or of a form that a standard fixes."""
    for found in _TOKEN.finditer(text):
        yield *found.span(), "[token removed]"
    for found in _LIKELY_TOKEN.finditer(text):
        if text[found.start() - 1 : found.start()] == "-" or _ID.match(found[0]):
            continue  # an identifier, or the end of one
        if not is_random(found[1]) or is_pod(found[0]):
            continue
        if not is_named_harmless(text, found.start(1)):
            yield *found.span(), "[token removed]"


def is_token(word: str) -> bool:
    """Whether a word has a published prefix or form."""
    return _TOKEN.search(word) is not None


def has_number(text: str) -> bool:
    """Whether four digits stand together in ``text``, or nearly."""
    return _NUMBER.search(text) is not None


def numbers(text: str) -> Iterator[Span]:
    """Numbers of payment cards (by their check digit) and of US social security."""
    for found in _NUMBERS.finditer(text):
        if _JOINED_BEFORE.search(
            text[max(0, found.start() - 2) : found.start()]
        ) or _JOINED_AFTER.match(text, found.end()):
            continue  # part of an identifier
        if len(found[0]) == 11 and found[0].count("-") == 2:
            yield *found.span(), "[number removed]"
        elif _is_card(found[0]):
            yield *found.span(), "[card number removed]"


def _is_card(text: str) -> bool:
    """An issuer's first digit, and the check digit after Luhn (ISO/IEC 7812-1)."""
    digits = [int(each) for each in text if each.isdecimal()]
    if digits[0] not in (2, 3, 4, 5, 6) or len(set(digits)) < 2:
        return False
    doubled = [digit * 2 - 9 * (digit > 4) for digit in digits[-2::-2]]
    return (sum(doubled) + sum(digits[-1::-2])) % 10 == 0
