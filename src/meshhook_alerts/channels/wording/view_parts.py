"""What a message may show."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Fact:
    """One row of the table."""

    label: str
    value: str


@dataclass(frozen=True, slots=True)
class View:
    """Everything a message may show. All texts are on one line but ``error``."""

    severity: str
    """``info``, ``warning``, ``error`` or ``critical``; ``good`` for a recovery."""
    severity_word: str
    state: str
    project: str
    workflow: str
    node: str
    happened: str
    """What happened, as a sentence."""
    progress: str
    """How it has gone on; empty for a single failure."""
    error: str
    hint: str
    facts: tuple[Fact, ...]
    alert_url: str
    run_url: str
    rule: str
    why: str
    subject: str
    acknowledge_url: str = ""
    snooze_url: str = ""
    error_label: str = "What the step said"
