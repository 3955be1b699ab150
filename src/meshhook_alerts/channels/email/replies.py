"""What a mail server's refusals mean for the notification (RFC 5321 4.2, RFC 3463)."""

from __future__ import annotations

import re
from collections.abc import Sequence

from aiosmtplib import (
    SMTPAuthenticationError,
    SMTPRecipientRefused,
    SMTPResponseException,
    SMTPSenderRefused,
)

from meshhook_alerts.application.ports import MailServer
from meshhook_alerts.domain.delivery import Delivered, Outcome, Rejected, TryAgain

_ENHANCED = re.compile(r"([245])\.\d{1,3}\.\d{1,3}\b")


def is_permanent(reply: SMTPResponseException) -> bool:
    """Whether no later try will fare better. Where the reply carries an enhanced code, that one
    decides: it is the more exact, and real servers do send both in disagreement."""
    enhanced = _ENHANCED.match(reply.message)
    return (enhanced.group(1) if enhanced else str(reply.code)[:1]) == "5"


def explained(reply: SMTPResponseException, server: MailServer) -> Outcome:
    """The outcome of a conversation that the server ended with ``reply``."""
    said = f"{reply.code} {reply.message}"
    place = f"{server.host}:{server.port}"
    if isinstance(reply, SMTPAuthenticationError):
        text = f"{place} refuses the user name or password: {said}"
    elif isinstance(reply, SMTPSenderRefused):
        text = f"{place} refuses the sender: {said}"
    else:
        text = f"{place} refuses the message: {said}"
    if is_permanent(reply):
        return Rejected(text, connected=True)
    return TryAgain(text, connected=True)


def of_refusals(refusals: Sequence[SMTPRecipientRefused]) -> Outcome:
    """The outcome where every recipient was refused: another try if it may reach even one."""
    passing = [refusal for refusal in refusals if not is_permanent(refusal)]
    shown = (passing or refusals)[0]
    count = "The recipient was" if len(refusals) == 1 else f"All {len(refusals)} recipients were"
    text = f"{count} refused: {shown.code} {shown.message}"
    return TryAgain(text, connected=True) if passing else Rejected(text, connected=True)


def of_acceptance(
    accepted: Sequence[str], refusals: Sequence[SMTPRecipientRefused], said: str
) -> Outcome:
    """The outcome where the server took the message for some: those it put off (450, 451, 452 "too many
    recipients": RFC 5321 4.5.3.1.10) are tried again, those it refused for good are not."""
    put_off = [refusal for refusal in refusals if not is_permanent(refusal)]
    text = f"Accepted for {len(accepted)} of {len(accepted) + len(refusals)}"
    for count, word, found in (
        (len(put_off), "put off", put_off),
        (
            len(refusals) - len(put_off),
            "refused",
            [each for each in refusals if is_permanent(each)],
        ),
    ):
        if found:
            text += f"; {count} {word} ({found[0].code} {found[0].message})"
    if put_off:
        return TryAgain(text, done=tuple(accepted))
    return Delivered(f"{text}: {said}")
