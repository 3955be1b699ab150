"""Rules: how fast failures are decided with 100 and 1,000 rules, against the same with one; one core, without
a database."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from statistics import median
from uuid import UUID

from benchmarks.bench import Bench
from benchmarks.figures import Aim, Figure
from meshhook_alerts.domain.conditions import Conditions
from meshhook_alerts.domain.decision import State
from meshhook_alerts.domain.engine import decide
from meshhook_alerts.domain.failure import Fold
from meshhook_alerts.domain.policy import (
    PRODUCT_DEFAULTS,
    AlertRule,
    Channel,
    ProjectPolicy,
)
from meshhook_alerts.domain.severity import Criticality, FailureClass, Severity

_PROJECT, _CHANNEL = UUID(int=1), Channel(UUID(int=2), "ops", "webhook")
_START = datetime(2026, 1, 1, 12, tzinfo=UTC)
_WORKFLOWS = 20
COUNTS = (100, 1_000)


async def run(bench: Bench) -> list[Figure]:
    """Both sorts of storm and of rules, each number of rules in turn with one."""
    folds, rounds = (4_000, 3) if bench.quick else (20_000, 7)
    figures = []
    for storm, distinct in (("ten troubles", False), ("all distinct", True)):
        failures = [_fold(number, distinct=distinct) for number in range(folds)]
        for sort, plain in (("by workflow and node", True), ("by status and error, too", False)):
            policies = {number: _policy(number, plain=plain) for number in (1, *COUNTS)}
            rates: dict[int, list[float]] = {number: [] for number in policies}
            for turn in range(rounds):
                bench.say(f"rules: {storm}, {sort}, round {turn + 1} of {rounds}")
                for number, policy in policies.items():
                    rates[number].append(_rate(failures, policy))
            figures += [_figure(f"{storm}; {number:,} rules {sort}", rates[number], rates[1])
                        for number in COUNTS]  # fmt: skip
    return figures


def _rate(folds: Sequence[Fold], policy: ProjectPolicy) -> float:
    """Failures decided in a second."""
    started = time.perf_counter()
    made = decide(folds, policy, State(), folds[-1].at)
    if len(made.alert_of) != len(folds):
        raise RuntimeError(f"{len(made.alert_of)} of {len(folds)} were decided on")
    return len(folds) / (time.perf_counter() - started)


def _figure(what: str, ours: Sequence[float], one: Sequence[float]) -> Figure:
    ratios = sorted(a / b for a, b in zip(ours, one, strict=True))
    return Figure(
        "rules", what, "decided/s", median(ours), median(one), median(ratios),
        (ratios[0], ratios[-1]), Aim(0.5),
    )  # fmt: skip


def _policy(rules: int, *, plain: bool) -> ProjectPolicy:
    """So many rules, the first of which is about every failure."""
    each = tuple(_rule(number, plain=plain) for number in range(rules))
    settings = replace(PRODUCT_DEFAULTS, rules=each, storm_summaries=False)
    return ProjectPolicy(_PROJECT, 1, "Shop", settings, {}, {_CHANNEL.name: _CHANNEL})


def _rule(number: int, *, plain: bool) -> AlertRule:
    if number == 0:
        wanted = Conditions() if plain else Conditions(error_matches="Error")
    elif plain:
        wanted = Conditions(workflows=(f"flow-{number}",), nodes=("charge-*",))
    else:
        wanted = Conditions(
            workflows=(f"flow-{number}",),
            http_status=((500, 599),),
            error_matches="timeout|refused",
        )
    return AlertRule(f"rule {number}", wanted)


def _fold(number: int, *, distinct: bool) -> Fold:
    trouble = number if distinct else number % 10
    at = _START + timedelta(milliseconds=number)
    return Fold(
        id=UUID(int=(number + 1) << 32), project_id=_PROJECT, fingerprint=f"trouble-{trouble}",
        kind="retries_exhausted", failure_class=FailureClass.TERMINAL, severity=Severity.ERROR,
        criticality=Criticality.NORMAL, error=f"Error: HTTP 503 of {trouble}", error_class="server_error",
        at=at, first_at=at, last_at=at, count=1, workflow=f"flow-{trouble % _WORKFLOWS}",
        node_id="charge-card", http_status=503, sample="Error: HTTP 503",
    )  # fmt: skip
