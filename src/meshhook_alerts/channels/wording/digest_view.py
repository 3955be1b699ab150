"""What a message shows of a digest: how much it is, a line for each trouble, and no more."""

from __future__ import annotations

from meshhook_alerts.channels.wording import times
from meshhook_alerts.channels.wording.text import block, line, shorten
from meshhook_alerts.channels.wording.view_parts import Fact, View
from meshhook_alerts.domain.message import Content
from meshhook_alerts.domain.reasons import Reason

_STATE = {
    Reason.DIGEST: "Held back until now",
    Reason.STORM_SUMMARY: "Many at once",
    Reason.STORM_OVER: "It has calmed down",
}
_HEADING = 160


def view_of_digest(content: Content, reason: Reason | None) -> View:
    """The view of a digest's content."""
    severity, project = str(content["severity"]), line(content["project"]["name"])
    headline = line(content["headline"])
    said = headline.removeprefix(f"{project}: ")
    return View(
        severity=severity,
        severity_word=severity.capitalize(),
        state=_STATE.get(reason, "Alerts") if reason else "Alerts",
        project=shorten(project, 80),
        workflow=shorten(f"{said[:1].upper()}{said[1:]}", _HEADING),
        node="",
        happened=f"{line(content['failure']['title'])}.",
        progress="",
        error=block(content["failure"]["error"]),
        error_label="Each trouble, what is still open first",
        hint="",
        facts=tuple(fact for fact in _facts(content) if fact.value),
        alert_url="",
        run_url="",
        rule="",
        why=reason.sentence if reason else "",
        subject=f"{'CRITICAL ' if severity == 'critical' else ''}{headline}",
    )


def _facts(content: Content) -> tuple[Fact, ...]:
    alert, digest = content["alert"], content["digest"]
    first, last = times.parse(alert["opened_at"]), times.parse(alert["last_failure_at"])
    storm = digest.get("storm") or {}
    total = storm.get("troubles") or digest["total"]
    failures = storm.get("failures") or alert["new_failures"]
    return (
        Fact("Project", line(content["project"]["name"])),
        Fact("Troubles", f"{total:,}, of which {digest['open']:,} still open"),
        Fact("Failures", f"{failures:,}" if failures else ""),
        Fact("First failure", times.moment(first)),
        Fact("Last failure", times.moment(last)),
    )
