"""Secrets known by where they stand: in a URL, beside a name, behind a flag, in a header."""

from __future__ import annotations

import re
from collections.abc import Iterator

import re2

from meshhook_alerts.domain.redaction.keys import Sense, is_no_value, sense_of
from meshhook_alerts.domain.redaction.letters import surprise
from meshhook_alerts.domain.redaction.marks import MARK, REMOVED, Span

# ---------------------------------------------------------------- addresses

_USER_INFO = re2.compile(r"://([^\s@\"'<>`\\]*)@")
_PORT_AND_PATH = re2.compile(r"^(?:[^/]*:\d+/|[^:/]*/)")
_MAIL = re2.compile(r"([\w.+%-]{1,64})@[\w-]+(?:\.[\w-]+)*\.[A-Za-z][\w-]+")


def in_addresses(text: str) -> Iterator[Span]:
    """User names and passwords in URLs; whose mailbox a mail address is."""
    for found in _USER_INFO.finditer(text):
        if not _PORT_AND_PATH.match(found[1]) and not MARK.search(found[1]):
            yield *found.span(1), "[credentials removed]"
    for found in _MAIL.finditer(text):
        if found[1] == "git":  # git@host:path names nobody
            continue
        yield *found.span(1), "[address removed]"


def has_address(text: str) -> bool:
    """Whether an address with somebody in front of a host can stand in ``text``."""
    return "@" in text


# ---------------------------------------------------------------- headers

_SCHEME = re2.compile(
    r"(?i)\b(bearer|basic|digest|token|negotiate|apikey|hmac|aws4-hmac-sha256)[ :]+[\"']?"
    r"([A-Za-z0-9._~+/=-]{6,})"
)
_COOKIES = re2.compile(r"(?i)\b(?:set-)?cookie2?[\"']?\s*[:=]\s*[\"']?([^\"'\n]+)")
_CERTAINLY = frozenset({"bearer", "negotiate"})


def in_headers(text: str) -> Iterator[Span]:
    """What follows an authentication scheme (RFC 9110 11.1), and cookies."""
    for found in _SCHEME.finditer(text):
        certainly = found[1].lower() in _CERTAINLY and not _is_small_word(found[2])
        if certainly or _is_unlike_words(found[2]):
            yield *found.span(2), REMOVED
    for found in _COOKIES.finditer(text):
        if "=" in found[1]:
            yield *found.span(1), REMOVED


def _is_small_word(value: str) -> bool:
    """As in "bearer authentication"."""
    return is_no_value(value) or (value.isalpha() and value.islower())


# ---------------------------------------------------------------- names and values

# A name, perhaps in quotes, and what says that a value follows; each may be escaped in some way.
_QUOTE = r"(?:\\*[\"'`]|&quot;|&#34;|&#39;|%22|%27|\\u0022)"
_NAME = re2.compile(
    r"([A-Za-z][\w.-]{0,79}?(?:[ ][Kk]ey|[ ][Tt]oken)?)" + _QUOTE + r"?\]?"
    r"(\s*(?:=>|->|:=|={1,3}|%3[AaDd]|&#61;|&#58;|\\u003d|::?)\s*)"
)
_OPENING = re.compile(r"(\\*)([\"'`])|&quot;|&#34;|&#39;|%22|%27|\\u0022")
_UNQUOTED = re.compile(r"[^\s\"'`<>,;&|)}\]]{1,4000}")
_AFTER_SCHEME = re.compile(r"(?i)(?:bearer|basic|digest|token|apikey|key)\s+")
_NEXT_WORD = re.compile(r"[ ]+[A-Za-z']{2,}")
_BRACKETS = {"[": "]", "{": "}", "(": ")"}
_REACH = 4000  # characters in which a closing quote or bracket is looked for
_TYPE_NAME = re2.compile(r"^(?:[A-Z][a-z]+){2,}$")
_TEXT = re.compile(r"(\\*)([\"'])([^\"'\\]*)\1\2(\s*[:=])?")


def beside_names(text: str) -> Iterator[Span]:
    """Values beside a name that says so: ``password=…``, ``"api_key": "…"``, ``token := …``."""
    removed = looked_at = 0  # up to here values went, and brackets have been looked into
    for found in _NAME.finditer(text):
        sense = sense_of(found[1]) if found.start() >= removed else Sense.NOTHING
        if sense is Sense.MAYBE and text[found.start() - 1 : found.start()] in ("?", "&"):
            sense = (
                Sense.SECRET if _IDENTIFIER.match(text[found.end() : found.end() + 36]) else sense
            )
        if sense is Sense.NOTHING:
            continue
        if text[found.end() : found.end() + 1] not in _BRACKETS:
            for span in _value_at(text, found.end(), found[1], found[2], sense):
                yield span
                removed = span[1]
        elif sense >= Sense.SECRET and found.end() >= looked_at:
            looked_at = _closing(text, found.end())
            yield from _leaves(text, found.end(), looked_at)


def _value_at(text: str, at: int, name: str, separator: str, sense: Sense) -> Iterator[Span]:
    opening = _OPENING.match(text, at)
    if opening:
        start = opening.end()
        end = text.find(opening[0], start, start + _REACH)
        end = min(len(text), start + _REACH) if end < 0 else end
        if _is_secret(text[start:end], sense, in_quotes=True):
            yield start, end, REMOVED
        return
    scheme = _AFTER_SCHEME.match(text, at) if sense >= Sense.SECRET else None
    start = scheme.end() if scheme else at
    value = _UNQUOTED.match(text, start)
    if value is None:
        return
    said = (
        value[0].rstrip(".:!?")
        if value.end() == len(text) or text[value.end()] == " "
        else value[0]
    )
    prose = separator.endswith((" ", "\n")) and ":" in separator
    if prose and _reads_on(text, value.end(), said, name, sense):
        return
    if _is_secret(said, sense, in_quotes=False):
        yield start, start + len(said), REMOVED


def _reads_on(text: str, end: int, value: str, name: str, sense: Sense) -> bool:
    """Whether a sentence follows rather than a value: "Invalid token: expected a string"."""
    if not value.isalpha():
        return False
    if _NEXT_WORD.match(text, end) or (_TYPE_NAME.match(name) and not value.islower()):
        return True
    return sense < Sense.PASSWORD and (value.islower() or value.istitle() or value.isupper())


def _is_secret(value: str, sense: Sense, *, in_quotes: bool) -> bool:
    if not value.strip() or MARK.search(value) or is_no_value(value):
        return False
    if sense is Sense.PASSWORD:
        return len(value) > 3 or not value.isdecimal()
    if sense is Sense.SECRET:
        if value.isdecimal():
            return len(value) >= 6
        return not (
            in_quotes and " " in value and value.replace(" ", "").isalpha() and len(value) > 40
        )
    return (
        len(value) >= 12
        and " " not in value
        and _is_unlike_words(value)
        and not _IDENTIFIER.match(value)
    )


_IDENTIFIER = re2.compile(
    r"^(?:[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}|[0-9a-f]{24}|[\d.:TZ+-]+)$"
)


def _closing(text: str, at: int) -> int:
    """Where the bracket that opens at ``at`` closes, or how far it is looked for."""
    found = text.find(_BRACKETS[text[at]], at, at + _REACH)
    return found if found > 0 else min(len(text), at + _REACH)


def _leaves(text: str, at: int, end: int) -> Iterator[Span]:
    """The texts in a list or an object that a secret's name stands before."""
    for found in _TEXT.finditer(text, at, end):
        if not found[4] and found[3] and not MARK.search(found[3]) and not is_no_value(found[3]):
            yield *found.span(3), REMOVED


# ---------------------------------------------------------------- pairs, tags, flags, sentences

_TAG = re2.compile(r"<([A-Za-z][\w:.-]{0,60})(?:\s[^<>]{0,200})?>([^<>]+)<")
_NAMED_PAIR = re2.compile(
    r"(?i)\b(?:name|key|field|header|param|id)\\*[\"']?\s*[:=]\s*\\*[\"']?([\w.-]{2,60})\\*[\"']?\s*,?\s*"
    r"\\*[\"']?(?:value|val|content|data|text)\\*[\"']?\s*[:=]\s*\\*[\"']?([^\s\"'\\<>,}]+)"
)
_TUPLE = re2.compile(r"[\[(]\s*\\*[\"']([\w.-]{2,60})\\*[\"']\s*,\s*\\*[\"']([^\"'\\]+)")
_FLAG = re2.compile(r"(?:^|\s)--?([A-Za-z][\w.-]{0,60})(?:=|\s+)[\"']?([^\s\"'=-][^\s\"']*)")
_USER_FLAG = re2.compile(r"(?:^|\s)(?:-u|--user|--proxy-user)[= ]*[\"']?([^\s:\"']+):([^\s\"']+)")
_GLUED = re2.compile(
    r"\b(?:mysql\w*|mariadb\w*|sshpass|redis-cli)\b[^|\n]*?\s(?:-p|-a )[\"']?([^\s\"'-][^\s\"']*)"
)
_SENTENCE = re2.compile(
    r"(?i)\b(identified by|password|passwd|passphrase|passcode|pwd|secret|token|credential|(?:api|access|secret|private)[ _-]?key"
    r"|authorization|cookie|session(?: id)?|signature|pin|otp)s?"
    r"((?: (?:provided|given|supplied|used|is|was|were|are|for [\w.-]+|of|value|with|to|set|sent|received"
    r"|rejected|invalid|found|header|string|named)){0,3}[ :=]+)[\"'`(\[]?([^\s\"'`()<>\[\]]{4,})"
)

_SIGNING_IN = re2.compile(r"(?i)\b(?:log[ -]?in|sign[ -]?in|auth|connect|credential)")
_LOGIN = re2.compile(
    r"(?i)\b(?:log[ -]?in|sign[ -]?in|auth\w*|connect\w*|credentials?)\b[^\n]{0,80}?\bfor [\"'`]?([\w.@-]{1,60}):([^\s\"'`()<>\[\]/:]{6,})"
)


def in_sentences(text: str) -> Iterator[Span]:
    """Tags, named pairs, flags, and what a sentence calls a secret."""
    for pattern in (_TAG, _NAMED_PAIR, _TUPLE, _FLAG):
        for found in pattern.finditer(text):
            sense = sense_of(found[1])
            value = found[2].strip()
            word = pattern is _FLAG and sense < Sense.PASSWORD and value.isalpha()
            if not word and sense >= Sense.SECRET and _is_secret(value, sense, in_quotes=True):
                yield *found.span(2), REMOVED
    for found in _SENTENCE.finditer(text):
        value = found[3].rstrip(".,;:!?")
        if not is_no_value(value) and not MARK.search(value) and _is_said(value, found[2]):
            yield found.start(3), found.start(3) + len(value), REMOVED


def in_logins(text: str) -> Iterator[Span]:
    """A user and a password in a sentence about signing in: ``login to X failed for ci:…``."""
    for found in _LOGIN.finditer(text):
        value = found[2].rstrip(".,;:!?")
        if not is_no_value(value) and not MARK.search(value) and _is_said(value, ":"):
            yield found.start(2), found.start(2) + len(value), REMOVED


def speaks_of_logins(text: str) -> bool:
    """Whether a word that `in_logins` knows can stand in ``text``."""
    return _SIGNING_IN.search(text) is not None


def _is_said(value: str, words_between: str) -> bool:
    said_so = any(word in words_between for word in ("provided", "given", "supplied", ":", "="))
    number = said_so and value.isdecimal() and len(value) >= 8
    return number or _is_chosen(value) or _UUID.fullmatch(value) is not None


def has_flags(text: str) -> bool:
    """Whether one of the flags that `on_command_lines` knows can stand in ``text``."""
    return any(flag in text for flag in ("-u", "--proxy-user", "-p", "-a "))


def on_command_lines(text: str) -> Iterator[Span]:
    """Passwords behind the one-letter flags of well-known programs."""
    for found in _USER_FLAG.finditer(text):
        yield *found.span(2), REMOVED
    for found in _GLUED.finditer(text):
        yield *found.span(1), REMOVED


_UUID = re.compile(r"[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}")
_ORDINARY = re2.compile(
    r"^(?:https?://.*|/.*|\d[\d.,:%-]*\w{0,3}|[A-Z]{2,}[_-]?\d{1,6}|[a-z]+\d{1,2}|v?\d+(?:\.\d+)+|[\w-]+=.*"
    r"|[\w.-]+\.(?:py|js|ts|go|java|rb|json|ya?ml|toml|env|com|org|io|net)\b.*|[A-Za-z]+[,;:]?[A-Za-z]*)$"
)


def _is_chosen(value: str) -> bool:
    """Whether a word in a sentence looks like a password or token: letters mixed with other things."""
    if len(value) < 6 or _ORDINARY.match(value) or _IDENTIFIER.match(value):
        return False
    has_digit, has_letter = any(map(str.isdigit, value)), any(map(str.isalpha, value))
    if not has_letter:
        return False
    return (has_digit and (len(value) >= 8)) or _is_unlike_words(value)


def _is_unlike_words(value: str) -> bool:
    """A low bar, for places where a secret is likely."""
    bare = value.strip("=.")
    if len(bare) < 6 or bare.isdecimal():
        return False
    if bare.isalpha():
        return len(bare) >= 8 and surprise(bare) >= 5.0
    digits = any(map(str.isdigit, bare))
    return digits and len(bare) >= 8 and (surprise(bare) >= 3.6 or len(bare) >= 20)
