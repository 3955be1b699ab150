"""A rule that cannot be used fails open: somebody hears, and hears that it is broken."""

from __future__ import annotations

from uuid import uuid4

from meshhook_alerts.adapters.postgres.settings_loader import build_policy
from meshhook_alerts.domain.conditions import Conditions
from meshhook_alerts.domain.decision import State
from meshhook_alerts.domain.engine import decide
from meshhook_alerts.domain.policy import AlertRule, ProjectPolicy
from meshhook_alerts.domain.reasons import Reason
from meshhook_alerts.domain.severity import Severity
from meshhook_alerts.domain.silence import Silence
from tests.unit.builders import HOOK, MAIL, PROJECT, START, a_fold, a_policy, after


def test_one_that_breaks_on_a_failure_tells_it_and_the_others_go_on() -> None:
    breaks = AlertRule("breaks", Conditions(error_matches="("), channels=("mail",))
    works = AlertRule("works", channels=("hook",))
    made = decide([a_fold()], a_policy(breaks, works), State(), START)
    told = {planned.channel.name: planned.reason for planned in made.notifications}
    assert told == {"mail": Reason.RULE_BROKEN, "hook": Reason.FIRST_FAILURE}
    entry = next(each for each in made.entries if each.rule == "breaks")
    assert entry.verdict.blocked_by is not None
    assert "(" in entry.verdict.blocked_by


def test_its_cooldown_holds_as_for_any_other() -> None:
    policy = a_policy(AlertRule("breaks", Conditions(error_matches="(")), channels=(MAIL,))
    first = decide([a_fold()], policy, State(), START)
    state = State({alert.fingerprint: alert for alert in first.alerts})
    later = decide([a_fold(after(minutes=5))], policy, state, after(minutes=5))
    assert [entry.verdict.reason for entry in later.entries] == [Reason.COOLDOWN]


def test_a_silence_that_breaks_keeps_nothing_back() -> None:
    policy = a_policy(channels=(MAIL,))
    broken = Silence(uuid4(), Conditions(error_matches="("), START, after(days=1), "why")
    made = decide([a_fold()], _with(policy, broken), State(), START)
    assert [entry.verdict.reason for entry in made.entries] == [Reason.FIRST_FAILURE]


def _with(policy: ProjectPolicy, silence: Silence) -> ProjectPolicy:
    return ProjectPolicy(
        policy.project_id, 1, "Shop", policy.project, {}, policy.channels, silences=(silence,)
    )


def _loaded(*rules: object, **more: object) -> ProjectPolicy:
    document = {"rules": list(rules), **more}
    return build_policy(PROJECT, 1, "Shop", {None: document}, [MAIL, HOOK])


def test_one_that_cannot_be_read_stands_in_for_itself_and_the_rest_is_kept() -> None:
    policy = _loaded(
        {"name": "good", "when": {"kinds": ["run_failed"]}, "channels": ["hook"]},
        {"name": "bad", "when": {"error_matches": "("}, "channels": ["mail"]},
        cooldown_seconds=60,
    )
    assert [rule.name for rule in policy.project.rules] == ["good", "bad"]
    assert policy.project.cooldown.total_seconds() == 60
    bad = policy.project.rules[1]
    assert bad.broken is not None
    assert "RE2" in bad.broken
    made = decide([a_fold()], policy, State(), START)
    assert [(each.channel.name, each.reason) for each in made.notifications] == [
        ("mail", Reason.RULE_BROKEN)
    ]
    quiet = decide([a_fold(severity=Severity.WARNING)], policy, State(), START)
    assert not quiet.notifications


def test_whatever_stands_there_somebody_hears() -> None:
    for rule in (7, None, {}, {"name": 5}, {"name": "r", "channels": "mail"},
                 {"name": "r", "channels": ["gone"], "when": 3}):  # fmt: skip
        policy = _loaded(rule)
        made = decide([a_fold()], policy, State(), START)
        assert {each.channel.name for each in made.notifications} == {"mail", "hook"}


def test_one_that_is_switched_off_stays_off() -> None:
    policy = _loaded({"name": "bad", "enabled": False, "when": {"error_matches": "("}})
    assert not decide([a_fold()], policy, State(), START).notifications
