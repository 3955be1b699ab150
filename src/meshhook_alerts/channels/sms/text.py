"""What a text message says, within so many segments: what happened and where, how often, and the link, whole."""

from __future__ import annotations

from collections.abc import Iterator

from meshhook_alerts.channels.sms.segments import cut, plain, segments_of
from meshhook_alerts.channels.wording import View, line, view_of
from meshhook_alerts.domain.message import Content

_STATE = {"good": "OK", "critical": "CRITICAL"}
_SHORTEST = 24  # characters of an error that still say something


def text_of(content: Content, most_segments: int) -> str:
    """The text; what is too long is shortened: first the error, then the place, and a link goes whole or not at all."""
    view = view_of(content)
    for text in _ever_shorter(view):
        if segments_of(text).count <= most_segments:
            return text
    return cut(plain(f"MeshHook: {view.state}"), 60)


def _ever_shorter(view: View) -> Iterator[str]:
    error = plain(line(view.error.split("\n", 1)[0]) or view.happened)
    place = plain(f"{view.workflow} > {view.node}" if view.node else view.workflow)
    for room in (160, 120, 80, 60, 40, 24, 12, 6):
        for longest in (*range(400, 40, -20), 40, _SHORTEST):
            yield _joined(view, cut(place, room), cut(error, longest), link=True)
    yield _joined(view, "", "", link=True)
    for longest in (80, 40, _SHORTEST, 0):
        yield _joined(view, cut(place, 40), cut(error, longest), link=False)


def _joined(view: View, place: str, error: str, *, link: bool) -> str:
    state = _STATE.get(view.severity, "")
    head = plain(" ".join(part for part in (state, f"{view.state}:") if part))
    said = ": ".join(part for part in (place, error) if part)
    progress = plain(view.progress)
    if progress and said and not said.endswith((".", "!", "?")):
        said += "."
    parts = (head, said, progress, view.alert_url if link else "")
    return " ".join(part for part in parts if part)
