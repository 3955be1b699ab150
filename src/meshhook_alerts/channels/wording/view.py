"""What a message shows of a notification: everything worked out, nothing laid out."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from meshhook_alerts.channels.wording import times
from meshhook_alerts.channels.wording.digest_view import view_of_digest
from meshhook_alerts.channels.wording.text import block, line, shorten
from meshhook_alerts.channels.wording.view_parts import Fact, View
from meshhook_alerts.domain.message import Content
from meshhook_alerts.domain.reasons import Reason

_STATE = {
    Reason.FIRST_FAILURE: "New trouble",
    Reason.CAME_BACK: "It is back",
    Reason.STILL_FAILING: "Still failing",
    Reason.VOLUME: "Failing far more often",
    Reason.RULE_BROKEN: "A rule is broken, so you are told to be safe",
    Reason.REMINDER: "Reminder: nobody has acknowledged this",
    Reason.ESCALATED: "Escalated: nobody has acknowledged this",
    Reason.RECOVERED: "Recovered",
    Reason.CLOSED: "Closed without a recovery",
    Reason.TAKEN: "Somebody has it in hand",
    Reason.CHANGED: "It looks different now",
    Reason.SNOOZE_OVER: "The snooze is over",
    Reason.FLAPS: "It keeps coming back and ending",
    Reason.TEST: "Test message",
    Reason.EXISTING: "From before alerts were attached",
    Reason.RELEASED: "It failed again meanwhile",
}
_OVER = {
    Reason.RECOVERED: "The trouble is over.",
    Reason.CLOSED: "The alert was closed; nothing shows that the trouble is over.",
}
_ENDED = {Reason.RECOVERED: "Recovered", Reason.CLOSED: "Closed"}
_TONE = {Reason.RECOVERED: "good", Reason.CLOSED: "info"}
_GOES_ON = frozenset(
    {
        Reason.STILL_FAILING,
        Reason.VOLUME,
        Reason.RELEASED,
        Reason.REMINDER,
        Reason.ESCALATED,
        Reason.CHANGED,
        Reason.SNOOZE_OVER,
        Reason.FLAPS,
    }
)
_LATE = timedelta(minutes=1)
_HEADING = 80  # characters of each name in the heading; the table has them whole
_SUBJECT_PLACE = 32  # characters; the rest of the first 40 is for the error
_SUBJECT_NODE = 14
_SUBJECT_ERROR = 90


def view_of(content: Content) -> View:
    """The view of a notification's content."""
    reason = _reason(content)
    if content.get("digest"):
        return view_of_digest(content, reason)
    severity = _TONE.get(reason, str(content["severity"])) if reason else str(content["severity"])
    failure, workflow = content["failure"], content["workflow"]
    return View(
        severity=severity,
        severity_word=_ENDED.get(reason, severity.capitalize())
        if reason
        else severity.capitalize(),
        state=_STATE.get(reason, "Alert") if reason else "Alert",
        project=shorten(line(content["project"]["name"]), _HEADING),
        workflow=shorten(line(workflow["name"] or workflow["slug"]) or "MeshHook", _HEADING),
        node=shorten(line(content["node"]["id"]), _HEADING),
        happened=_happened(line(failure["title"]), reason, line(content["alert"].get("closed"))),
        progress=_progress(content["alert"], reason),
        error=block(failure["error"]),
        hint="" if reason in _OVER else line(failure["hint"]),
        facts=tuple(fact for fact in _facts(content) if fact.value),
        alert_url=_web_link(content["links"]["alert"]),
        run_url=_web_link(content["links"]["run"]),
        acknowledge_url=_web_link(content["links"].get("acknowledge")),
        snooze_url=_web_link(content["links"].get("snooze")),
        rule=line(content["rule"]),
        why=reason.sentence if reason else "",
        subject=_subject(content, reason),
    )


def _reason(content: Content) -> Reason | None:
    try:
        return Reason(content["reason"])
    except ValueError:  # written by a newer version
        return None


def _happened(title: str, reason: Reason | None, closed: str) -> str:
    over = _OVER.get(reason) if reason else None
    if over and closed:
        return f"{closed[:1].upper()}{closed[1:]}; nothing shows that the trouble is over."
    return over or f"{title[:1].upper()}{title[1:]}."


def _progress(alert: Mapping[str, Any], reason: Reason | None) -> str:
    new, total = alert["new_failures"], alert["failures"]
    if reason is Reason.FIRST_FAILURE and total > 1:
        return f"{total:,} failures already."
    if reason is Reason.CAME_BACK:
        return f"{total:,} failures in all."
    if reason in _OVER and alert.get("resolved_at"):
        lasted = times.parse(alert["resolved_at"]) - times.parse(alert["opened_at"])
        return f"After {times.span(lasted)}, {total:,} {'failure' if total == 1 else 'failures'}."
    if reason is Reason.ESCALATED:
        since, failures = times.parse(alert["opened_at"]), "failure" if total == 1 else "failures"
        return f"{total:,} {failures} since {times.moment(since)}."
    if reason not in _GOES_ON:
        return ""
    since, last = times.parse(alert["since"]), times.parse(alert["last_failure_at"])
    if not new:
        return f"No failure since {times.moment_near(last, since)}; {total:,} in all."
    more = "1 more failure" if new == 1 else f"{new:,} more failures"
    return f"{more} since {times.moment_near(since, last)}, {total:,} in all."


def _facts(content: Content) -> tuple[Fact, ...]:
    failure, alert, node = content["failure"], content["alert"], content["node"]
    first, last = times.parse(alert["opened_at"]), times.parse(alert["last_failure_at"])
    status = f", HTTP {failure['http_status']}" if failure["http_status"] else ""
    return (
        Fact("Project", line(content["project"]["name"])),
        Fact("Workflow", _workflow(content["workflow"])),
        Fact("Node", _with_note(line(node["id"]), line(node["type"]))),
        Fact("Kind", _with_note(_words(failure["kind"]), line(failure["class"]))),
        Fact("Error class", f"{_words(failure['error_class'])}{status}"),
        Fact("Attempts", str(failure["attempts"] or "")),
        Fact("Run", line(content["run"]["id"])),
        Fact("Failures so far", f"{alert['failures']:,}"),
        *_times(first, last, times.parse(alert.get("detected_at") or alert["last_failure_at"])),
    )


def _words(identifier: str) -> str:
    return line(identifier).replace("_", " ")


def _times(first: datetime, last: datetime, detected: datetime) -> tuple[Fact, ...]:
    """The failures' own times; that of the detection only where it came notably later."""
    late = (Fact("Detected", times.moment(detected)),) if detected - last > _LATE else ()
    if first == last:
        return (Fact("When", times.moment(first)), *late)
    return (
        Fact("Failing for", times.span(last - first)),
        Fact("First failure", times.moment(first)),
        Fact("Last failure", times.moment(last)),
        *late,
    )


def _workflow(workflow: Mapping[str, Any]) -> str:
    name, slug = line(workflow["name"]), line(workflow["slug"])
    version = f", version {workflow['version']}" if workflow["version"] is not None else ""
    return _with_note(name or slug, slug if name else "") + version if name or slug else ""


def _with_note(text: str, note: str) -> str:
    return f"{text} ({note})" if text and note and note != text else text or note


def _web_link(url: str | None) -> str:
    return url if url and url.startswith(("https://", "http://")) else ""


def _subject(content: Content, reason: Reason | None) -> str:
    """Says the thing in its first 40 characters: phones show no more."""
    critical = content["severity"] == "critical" and reason is not Reason.RECOVERED
    error = line(block(content["failure"]["error"]).split("\n", 1)[0]).removeprefix("Error: ")
    what = shorten(_what(content["failure"], error), _SUBJECT_ERROR)
    return f"{'CRITICAL ' if critical else ''}{_place(content)}: {what}{_suffix(content, reason)}"


def _what(failure: Mapping[str, Any], error: str) -> str:
    """The error; where it is not a step's own, what it happened to, too."""
    if error and failure["kind"] in _OF_JOBS:
        return f"{_words(failure['kind'])}, {error}"
    return error or line(failure["title"])


_OF_JOBS = frozenset({"dead_letter", "job_failed", "job_lost", "poison_job"})


def _place(content: Content) -> str:
    slug, node = line(content["workflow"]["slug"]), line(content["node"]["id"])
    node = shorten(node, max(_SUBJECT_NODE, _SUBJECT_PLACE - len(slug)))
    slug = shorten(slug, _SUBJECT_PLACE - len(node))
    return " › ".join(part for part in (slug, node) if part) or "MeshHook"


def _suffix(content: Content, reason: Reason | None) -> str:
    if reason is Reason.STILL_FAILING:
        return f" (still failing, +{content['alert']['new_failures']:,})"
    if reason is Reason.VOLUME:
        return f" (far more often, +{content['alert']['new_failures']:,})"
    if reason is Reason.RELEASED:
        return f" (+{content['alert']['new_failures']:,})"
    if reason is Reason.CAME_BACK:
        return " (again)"
    return "" if reason in (None, Reason.FIRST_FAILURE) else f" ({reason.replace('_', ' ')})"
