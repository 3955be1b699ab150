"""What the local inbox and receiver got: kept in memory for the page, on disk for the next start."""

from __future__ import annotations

import json
from collections import deque
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

KEPT = 200
"""Messages kept; the oldest go first."""


@dataclass(frozen=True, slots=True)
class Received:
    """One message that arrived."""

    number: int
    at: datetime
    data: dict[str, Any]


class Spool:
    """Messages in order of arrival, one file each."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._folder.mkdir(parents=True, exist_ok=True)
        self._messages: deque[Received] = deque(maxlen=KEPT)
        self.arrived = 0
        """Messages that arrived since this start."""
        for file in sorted(self._folder.glob("*.json"))[-KEPT:]:
            self._load(file)
        self._next = self._messages[-1].number + 1 if self._messages else 1

    def add(self, data: dict[str, Any]) -> None:
        """Keeps a message; written whole or not at all."""
        message = Received(self._next, datetime.now(UTC), data)
        self._next += 1
        self.arrived += 1
        if len(self._messages) == KEPT:
            self._path(self._messages[0].number).unlink(missing_ok=True)
        self._messages.append(message)
        draft = self._folder / "draft"
        draft.write_text(json.dumps({"at": message.at.isoformat(), "data": data}), "utf-8")
        draft.rename(self._path(message.number))

    def newest(self, limit: int) -> list[Received]:
        """The last ones to arrive, newest first."""
        return list(self._messages)[-limit:][::-1]

    def get(self, number: int) -> Received | None:
        """One message by its number."""
        return next((each for each in self._messages if each.number == number), None)

    def _path(self, number: int) -> Path:
        return self._folder / f"{number:08d}.json"

    def _load(self, file: Path) -> None:
        try:
            stored = json.loads(file.read_text("utf-8"))
            at = datetime.fromisoformat(stored["at"])
            self._messages.append(Received(int(file.stem), at, stored["data"]))
        except (ValueError, KeyError):
            file.unlink()
