"""Twilio's error codes (https://www.twilio.com/docs/api/errors): what they mean for a message, as data."""

from __future__ import annotations

TRY_AGAIN = frozenset({14107, 20429, 21611, 30001, 30022})
"""Too many requests, a queue that is full."""

MENDED_BY = {
    20003: "the account's SID or the auth token is wrong",
    20005: "the account is not active",
    20404: "there is no such account or messaging service",
    21211: "this is no phone number",
    21212: "the sender is no number of the account",
    21408: "the account may not send to this country: switch it on under Messaging, Geo permissions",
    21602: "the text is empty",
    21606: "the sender cannot send text messages",
    21608: "a trial account sends to verified numbers only",
    21610: "the recipient has opted out: they must answer START",
    21612: "there is no way from this sender to this recipient",
    21614: "this number takes no text messages",
    21617: "the text is too long",
    21659: "the sender is no number of the account",
    30002: "the account is suspended",
    30003: "the handset is off or out of reach",
    30004: "the recipient or the network blocks the message",
    30005: "the handset is not known any more",
    30006: "this is a landline, or the network cannot be reached",
    30007: "the network took it for spam and filtered it",
    30008: "the network does not say why",
    30034: "the sender is not registered with the networks there",
    30036: "it was not delivered before it expired",
}
"""Codes of answers and of receipts that no later try changes, and what does, or what they mean."""
