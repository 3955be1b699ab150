"""CloudEvents 1.0 as failures: ``source#id`` is our id, ``time`` is when it happened, the type's end
names the kind, and ``data`` carries the other fields by our own names."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import unquote

from meshhook_alerts.application.problems import InvalidField, InvalidRequest
from meshhook_alerts.application.reported_failure import ReportedFailure
from meshhook_alerts.entrypoints.api.problems import validated

TYPE_PREFIX = "dev.meshhook."

_ATTRIBUTES = ("specversion", "id", "source", "type", "time")
_OURS = {"id": "/id", "occurred_at": "/time"}
"""Fields of a failure that stand in attributes; the others stand in the data."""


def is_binary(headers: Mapping[str, str]) -> bool:
    """Whether a request carries an event's attributes in its headers."""
    return any(f"ce-{name}" in headers for name in _ATTRIBUTES)


def from_headers(headers: Mapping[str, str], data: Any) -> dict[str, Any]:
    """The event of a request in binary mode, whose body is the data."""
    given = [name for name in _ATTRIBUTES if f"ce-{name}" in headers]
    return {"data": data, **{name: unquote(headers[f"ce-{name}"]) for name in given}}


def path_of(pointer: str) -> str:
    """Where an event has the field that ``pointer`` names in a failure."""
    field = pointer.split("/")[1] if pointer else ""
    return _OURS.get(field, f"/data{pointer}")


def read_event(event: Any) -> ReportedFailure:
    """The failure that ``event`` tells of.

    Raises:
        InvalidRequest: with pointers into the event.
    """
    if problems := list(_problems(event)):
        raise InvalidRequest(problems)
    try:
        return validated(ReportedFailure, _failure(event))
    except InvalidRequest as problem:
        at_kind = "/type" if event["type"].startswith(TYPE_PREFIX) else "/data/kind"
        raise InvalidRequest(
            [
                InvalidField(
                    at_kind if each.pointer == "/kind" else path_of(each.pointer), each.message
                )
                for each in problem.fields
            ]
        ) from None


def _failure(event: dict[str, Any]) -> dict[str, Any]:
    failure = {**(event.get("data") or {})}
    failure["id"] = f"{event['source']}#{event['id']}"
    failure["occurred_at"] = event["time"]
    if event["type"].startswith(TYPE_PREFIX):
        failure["kind"] = event["type"].removeprefix(TYPE_PREFIX)
    return failure


def _problems(event: Any) -> Iterator[InvalidField]:
    if not isinstance(event, dict):
        yield InvalidField("", "should be a CloudEvent, an object")
        return
    for name in _ATTRIBUTES:
        if not isinstance(event.get(name), str) or not event[name]:
            why = ": with it, sending the event again is safe" if name == "time" else ""
            yield InvalidField(f"/{name}", f"is needed, a text{why}")
    if isinstance(event.get("specversion"), str) and event["specversion"] not in ("", "1.0"):
        yield InvalidField("/specversion", "only 1.0 is known here")
    yield from _problems_of_data(event)


def _problems_of_data(event: dict[str, Any]) -> Iterator[InvalidField]:
    if "data_base64" in event:
        yield InvalidField("/data_base64", "send the data as JSON, in `data`")
    data = {} if event.get("data") is None else event["data"]
    if not isinstance(data, dict):
        yield InvalidField("/data", "should be an object with the failure's fields")
        return
    for name, attribute in (("id", "id"), ("occurred_at", "time")):
        if name in data:
            yield InvalidField(f"/data/{name}", f"is taken from the event's `{attribute}`")
    if not str(event.get("type", TYPE_PREFIX)).startswith(TYPE_PREFIX) and "kind" not in data:
        yield InvalidField("/type", f"should be {TYPE_PREFIX}<kind>, or the data name a `kind`")
