"""The forms a failure report can have: our own JSON, and CloudEvents 1.0 in all three HTTP modes."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import orjson

from meshhook_alerts.application.problems import InvalidField, InvalidRequest
from meshhook_alerts.application.reported_failure import MOST, FailureReport, ReportedFailure
from meshhook_alerts.entrypoints.api import cloud_events
from meshhook_alerts.entrypoints.api.problems import MOST_FIELDS, Problem, validated

JSON = "application/json"
EVENT = "application/cloudevents+json"
EVENT_BATCH = "application/cloudevents-batch+json"

Locate = Callable[[int, InvalidField], InvalidField]
"""From a problem with one failure or event, and its number, to the place in the request."""


@dataclass(frozen=True, slots=True)
class Reading:
    """The failures of a request, and where in it their fields stand."""

    failures: Sequence[ReportedFailure]
    locate: Locate

    def relocated(self, problem: InvalidRequest) -> InvalidRequest:
        """``problem``, which says ``/failures/3/run_id``, in the request's own terms."""
        return InvalidRequest([self._relocated(each) for each in problem.fields][:MOST_FIELDS])

    def _relocated(self, field: InvalidField) -> InvalidField:
        _, _, number, name = field.pointer.split("/", 3)
        return self.locate(int(number), InvalidField(f"/{name}", field.message))


def read_report(headers: Mapping[str, str], body: bytes) -> Reading:
    """The failures that a request reports.

    Raises:
        Problem: 415 for another form, 400 for what is not JSON.
        InvalidRequest: fields that cannot be used.
    """
    media_type = headers.get("content-type", "").partition(";")[0].strip().lower()
    if media_type not in (JSON, EVENT, EVENT_BATCH):
        raise _unsupported(media_type)
    if media_type == JSON and cloud_events.is_binary(headers):
        data = _parsed(body) if body else None
        return _events([cloud_events.from_headers(headers, data)], _in_binary)
    content = _parsed(body)
    if media_type == EVENT_BATCH:
        return _events(_listed(content), _in_batch)
    if media_type == EVENT:
        return _events([content], lambda _, field: field)
    return _own(content)


def _own(content: Any) -> Reading:
    if isinstance(content, dict) and "failures" in content:
        return Reading(validated(FailureReport, content).failures, _in_report)
    return Reading([validated(ReportedFailure, content)], lambda _, field: field)


def _events(events: Sequence[Any], locate: Locate) -> Reading:
    """Each event as a failure; what is wrong is gathered over all of them."""
    failures: list[ReportedFailure] = []
    problems: list[InvalidField] = []
    for number, event in enumerate(events):
        try:
            failures.append(cloud_events.read_event(event))
        except InvalidRequest as problem:
            problems += [locate(number, each) for each in problem.fields]
    if problems:
        raise InvalidRequest(problems[:MOST_FIELDS])
    return Reading(failures, lambda number, field: locate(number, _in_event(field)))


def _in_report(number: int, field: InvalidField) -> InvalidField:
    return InvalidField(f"/failures/{number}{field.pointer}", field.message)


def _in_event(field: InvalidField) -> InvalidField:
    return InvalidField(cloud_events.path_of(field.pointer), field.message)


def _in_batch(number: int, field: InvalidField) -> InvalidField:
    return InvalidField(f"/{number}{field.pointer}", field.message)


def _in_binary(_: int, field: InvalidField) -> InvalidField:
    """The body is the event's data; an attribute stands in a header, where no pointer leads."""
    if field.pointer.startswith("/data"):
        return InvalidField(field.pointer.removeprefix("/data"), field.message)
    return InvalidField("", f"header ce-{field.pointer[1:]}: {field.message}")


def _listed(content: Any) -> list[Any]:
    if not isinstance(content, list) or len(content) > MOST:
        raise InvalidRequest([InvalidField("", f"should be a list of at most {MOST:,} events")])
    return content


def _parsed(body: bytes) -> Any:
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError as problem:
        reason = str(problem)
    if b"\\ud" in body.lower():
        # A sender that cuts texts short can halve a character; the rest is worth having.
        try:
            whole = json.dumps(json.loads(body), ensure_ascii=False, allow_nan=False)
            return orjson.loads(whole.encode("utf-8", "replace"))
        except (ValueError, RecursionError):
            pass
    raise Problem(400, "not_json", f"The body is not JSON in UTF-8: {reason}.")


def _unsupported(media_type: str) -> Problem:
    said = f"{media_type[:100]!r} cannot be read here" if media_type else "No Content-Type was sent"
    detail = (
        f"{said}. Send {JSON} (a failure, {{'failures': […]}}, or with ce-* headers the data of a "
        f"CloudEvent), {EVENT} (a CloudEvent) or {EVENT_BATCH} (a list of them)."
    )
    accepted = ", ".join((JSON, EVENT, EVENT_BATCH))
    return Problem(415, "unsupported_media_type", detail, headers={"Accept": accepted})
