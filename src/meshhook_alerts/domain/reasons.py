"""Why a failure was told, folded, held or blocked: the closed list, with a sentence for people.

API, ledger, pages and documentation all use these sentences; there is no other copy.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Effect(StrEnum):
    """What became of a failure at one channel."""

    TOLD = "told"  # a notification was made
    FOLDED = "folded"  # counted into the next message about the same alert
    HELD = "held"  # waits for its quiet period or cap to end, then goes out in a digest
    BLOCKED = "blocked"  # will not be told, on somebody's wish or for want of a rule
    OUTCOME = "outcome"  # how a notification ended


@dataclass(frozen=True, slots=True)
class _Meaning:
    effect: Effect
    sentence: str


class Reason(StrEnum):
    """The closed list of reasons in the ledger."""

    # Told
    FIRST_FAILURE = "first_failure"
    CAME_BACK = "came_back"
    STILL_FAILING = "still_failing"
    VOLUME = "volume"
    CHANGED = "changed"
    SNOOZE_OVER = "snooze_over"
    FLAPS = "flaps"
    REMINDER = "reminder"
    ESCALATED = "escalated"
    RECOVERED = "recovered"
    RECOVERED_UNTOLD = "recovered_untold"
    CLOSED = "closed"
    TAKEN = "taken"
    RELEASED = "released"
    DIGEST = "digest"
    STORM_SUMMARY = "storm_summary"
    STORM_OVER = "storm_over"
    EXISTING = "existing"
    TEST = "test"
    RULE_BROKEN = "rule_broken"
    # Folded
    COOLDOWN = "cooldown"
    UNDER_WAY = "under_way"
    CHANNEL_REFUSES = "channel_refuses"
    ALREADY_TOLD = "already_told"
    ACKNOWLEDGED = "acknowledged"
    SNOOZED = "snoozed"
    FLAPPING = "flapping"
    INHIBITED = "inhibited"
    BELOW_THRESHOLD = "below_threshold"
    STORM = "storm"
    SAME_RUN = "same_run"
    EXPLAINED = "explained"
    # Held
    QUIET_PERIOD = "quiet_period"
    CHANNEL_CAP = "channel_cap"
    # Blocked
    NO_RULE = "no_rule"
    NO_CHANNEL = "no_channel"
    TOO_MANY_RULES = "too_many_rules"
    CHANNEL_OFF = "channel_off"
    ALERTS_OFF = "alerts_off"
    NO_SETTINGS = "no_settings"
    KNOWN_BEFORE = "known_before"
    SILENCED = "silenced"
    QUIET_RECORD_ONLY = "quiet_record_only"
    # Outcomes
    DELIVERED = "delivered"
    REJECTED = "rejected"
    EXPIRED = "expired"

    @property
    def effect(self) -> Effect:
        """What this reason did to the failure."""
        return _MEANINGS[self].effect

    @property
    def sentence(self) -> str:
        """The reason as a sentence for people."""
        return _MEANINGS[self].sentence


_MEANINGS: dict[Reason, _Meaning] = {
    reason: _Meaning(effect, sentence)
    for effect, meanings in {
        Effect.TOLD: {
            Reason.FIRST_FAILURE: "This trouble was new, so the channel was told at once.",
            Reason.CAME_BACK: "The channel had been told of its end, and it came back, so the channel was told at once.",
            Reason.STILL_FAILING: "It was still failing after the cooldown, so the channel was told again.",
            Reason.VOLUME: "It fails far more often than before, so the channel was told before the cooldown ended.",
            Reason.CHANGED: "It looks different from when somebody took it in hand, so the channel was told.",
            Reason.SNOOZE_OVER: "It did what its snooze waited for, so the channel was told.",
            Reason.FLAPS: "It keeps coming back and ending, so the channel was told so, and hears again once it has settled.",
            Reason.REMINDER: "Nobody had acknowledged the alert, or not for long enough, so the channel was reminded.",
            Reason.ESCALATED: "Nobody had acknowledged the alert in time, so the next step was told.",
            Reason.RECOVERED: "The trouble ended, so everyone who was told of it was told of its end.",
            Reason.CLOSED: "The alert was closed without a recovery, so everyone who was told of it was told.",
            Reason.TAKEN: "Somebody took the alert in hand, so the channel, which keeps an incident of its own for it, was told.",
            Reason.RELEASED: "The wait was over, so what had been counted and not told was told in one message.",
            Reason.DIGEST: "What had been held back for the channel was told in one message.",
            Reason.STORM_SUMMARY: "Too many messages at once: a summary stood in for them.",
            Reason.STORM_OVER: "The messages had slowed down again, so the channel was told what it had all been.",
            Reason.EXISTING: "The operator asked for it: one message about all that had been lost before alerts were attached.",
            Reason.TEST: "Somebody tried the channel with a test message.",
            Reason.RULE_BROKEN: "A rule could not be used, so the channel was told to be safe.",
        },
        Effect.FOLDED: {
            Reason.RECOVERED_UNTOLD: "The trouble ended; nobody had been told of it, so nobody was told of its end.",
            Reason.COOLDOWN: "The channel was told of this alert recently; this failure is counted, and told when the cooldown ends.",
            Reason.UNDER_WAY: "A message about this alert was still on its way to the channel; this failure is counted in the next one.",
            Reason.CHANNEL_REFUSES: "The channel accepts no messages at present and is tried once a minute; this failure is counted in the next one.",
            Reason.ALREADY_TOLD: "Another rule already told the same channel.",
            Reason.ACKNOWLEDGED: "Somebody had acknowledged the alert; this failure was counted.",
            Reason.SNOOZED: "The alert was snoozed; this failure was counted.",
            Reason.FLAPPING: "The alert was opening and closing too often; this change was counted.",
            Reason.INHIBITED: "A larger trouble explains this one; it was counted there.",
            Reason.SAME_RUN: "An earlier failure of the same run had decided; this one was added to its alert as evidence.",
            Reason.EXPLAINED: "The channel had just been told of a run that this explains; it was added to what is known.",
            Reason.BELOW_THRESHOLD: "The rule waits until it has failed more often; this failure was counted for that.",
            Reason.STORM: "Too many messages at once; this failure was counted in the summary.",
        },
        Effect.HELD: {
            Reason.QUIET_PERIOD: "A quiet period was on; it is kept for the digest at its end.",
            Reason.CHANNEL_CAP: "The channel had reached its limit; it is kept for the digest.",
        },
        Effect.BLOCKED: {
            Reason.NO_RULE: "No rule asks for failures like this one.",
            Reason.NO_CHANNEL: "A rule matched, but no channel is set up for it.",
            Reason.TOO_MANY_RULES: "There are more rules, patterns or channels than can be looked at for one failure; those beyond the limit were not.",
            Reason.CHANNEL_OFF: "A rule matched, but its channel is switched off.",
            Reason.ALERTS_OFF: "Alerts are switched off for this workflow or project.",
            Reason.NO_SETTINGS: "The run's project was not found, so no settings apply.",
            Reason.KNOWN_BEFORE: "The run was lost before alerts were attached; that is known, and no news.",
            Reason.SILENCED: "A silence covered this failure.",
            Reason.QUIET_RECORD_ONLY: "A quiet period that only records was on.",
        },
        Effect.OUTCOME: {
            Reason.DELIVERED: "The channel accepted the message.",
            Reason.REJECTED: "The channel refused the message for good.",
            Reason.EXPIRED: "The message could not be delivered before its deadline.",
        },
    }.items()
    for reason, sentence in meanings.items()
}
