"""Alerts and ledger as lines of a terminal."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import typer

_COLOURS = {"critical": "magenta", "error": "red", "warning": "yellow", "info": "blue"}


def line_of(row: Mapping[str, Any]) -> str:
    """An alert on one line, cut to the terminal."""
    life = row["life"] or {}
    state = (
        row["status"] if row["status"] == "firing" else f"{row['status']} ({life.get('by') or '?'})"
    )
    place = " › ".join(part for part in (row["workflow"], row["node_id"]) if part) or "MeshHook"
    what = (row["sample"] or row["error"] or row["kind"]).splitlines()[0]
    left = f"{str(row['id'])[:8]}  "
    severity = typer.style(f"{row['severity']:<9}", fg=_COLOURS[row["severity"]])
    right = f"  ×{row['count']:,}  {_ago(row['last_failure_at'])} ago"
    middle = place + (f" [{state}]" if state != "firing" else "") + f": {what}"
    room = max(20, shutil.get_terminal_size((120, 24)).columns - len(left) - 9 - len(right))
    return left + severity + (middle if len(middle) <= room else middle[: room - 1] + "…") + right


def show_whole(row: Mapping[str, Any]) -> None:
    """Prints one alert with all that happened to it."""
    from meshhook_alerts.domain.hints import hint_for
    from meshhook_alerts.domain.kinds import title_of

    life = row["life"] or {}
    place = " › ".join(part for part in (row["workflow"], row["node_id"]) if part) or "MeshHook"
    typer.echo(
        f"{typer.style(row['severity'].upper(), fg=_COLOURS[row['severity']])}  {place}: {title_of(row['kind'])}"
    )
    typer.echo(f"  {row['sample'] or row['error']}")
    if hint := hint_for(row["kind"], row["error_class"]):
        typer.echo(f"  {hint}")
    until = f" until {_stamp(life['until'])}" if life.get("until") else ""
    by = f" by {life['by']}{until}" if row["status"] in ("acknowledged", "snoozed") else ""
    closed = f" ({life['closed']})" if row["status"] == "resolved" and life.get("closed") else ""
    typer.echo(f"\n  id        {row['id']}\n  state     {row['status']}{by}{closed}")
    typer.echo(
        f"  failures  {row['count']:,}, from {_stamp(row['opened_at'])} to {_stamp(row['last_failure_at'])}"
    )
    for channel in row["channels"]:
        believes = "open" if channel["believes_open"] else "over"
        typer.echo(
            f"  knows     {channel['name'] or 'a deleted channel'}: {_messages(channel['messages'])}, takes it for {believes}"
        )
    typer.echo("")
    for at, said in _happened(row)[:30]:
        typer.echo(f"  {_stamp(at)}  {said}")


def _messages(number: int) -> str:
    return f"{number:,} {'message' if number == 1 else 'messages'}"


def _happened(row: Mapping[str, Any]) -> list[tuple[datetime, str]]:
    happened = [
        (
            each["at"],
            f"{each['count']:,} × {each['sample'].splitlines()[0] if each['sample'] else each['kind']}",
        )
        for each in row["folds"]
    ]
    happened += [(each["at"], _decision(each)) for each in row["decisions"]]
    happened += [
        (
            each["at"],
            f"{each['by_name']}: {each['kind']} ({each['outcome']}){': ' + each['note'] if each['note'] else ''}",
        )
        for each in row["acts"]
    ]
    return sorted(happened, key=lambda each: each[0], reverse=True)


def _decision(row: Mapping[str, Any]) -> str:
    where = f" {row['channel']}" if row["channel"] else ""
    why = f" ({row['blocked_by']})" if row["blocked_by"] else ""
    return f"{row['effect']}{where}: {row['reason'].replace('_', ' ')}{why}"


def log_line(row: Mapping[str, Any], *, as_json: bool) -> str:
    """A line of the ledger."""
    if as_json:
        return json.dumps(dict(row), default=str)
    count = f" ×{row['count']}" if row["count"] else ""
    return f"{_stamp(row['logged_at'])}  {str(row['alert_id'])[:8]}  {_decision(row)}{count}"


def _stamp(at: datetime | str) -> str:
    moment = datetime.fromisoformat(at) if isinstance(at, str) else at
    return f"{moment.astimezone(UTC):%Y-%m-%d %H:%M:%S}Z"


def _ago(at: datetime) -> str:
    seconds = max(0, int((datetime.now(UTC) - at).total_seconds()))
    for size, letter in ((86_400, "d"), (3600, "h"), (60, "m")):
        if seconds >= size:
            return f"{seconds // size}{letter}"
    return f"{seconds}s"
