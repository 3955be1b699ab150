"""How headers go over the wire, where the standard library's way would change what they say.

It breaks a message id that does not fit a line of 78 characters into encoded-words, which no reader
joins again, and adds spaces between the encoded-words of a subject.
"""

from __future__ import annotations

from email.header import Header
from email.policy import EmailPolicy

_IDS = frozenset({"message-id", "in-reply-to", "references"})
_LINE = 76  # characters; RFC 2047 section 2 for lines with an encoded-word


class _WirePolicy(EmailPolicy):
    """As ``email.policy.SMTP``, with ids whole and subjects as they are."""

    def fold(self, name: str, value: str) -> str:
        """The header with its line ends."""
        return self._own_fold(name, value) or super().fold(name, value)

    def fold_binary(self, name: str, value: str) -> bytes:
        """As ``fold``, in bytes."""
        own = self._own_fold(name, value)
        return own.encode("ascii") if own else super().fold_binary(name, value)

    def _own_fold(self, name: str, value: str) -> str | None:
        if name.lower() in _IDS:
            return f"{name}: {value}{self.linesep}"  # at most 998 characters: RFC 5322 2.1.1
        if name.lower() == "subject":
            return f"{name}: {_subject(str(value), self.linesep)}{self.linesep}"
        return None


def _subject(text: str, linesep: str) -> str:
    charset = "us-ascii" if text.isascii() else "utf-8"
    header = Header(text, charset, maxlinelen=_LINE, header_name="Subject")
    return header.encode(linesep=linesep)


WIRE = _WirePolicy(linesep="\r\n")
"""The policy of every message we build."""
