"""How fast a sample engine lives: MeshHook's own waits, shortened by a scale."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Pace:
    """Passes time; 1.0 is MeshHook's own pace, 0.05 plays its minute in three seconds."""

    scale: float = 1.0

    async def wait(self, seconds: float) -> None:
        """Let so many of MeshHook's seconds pass."""
        await asyncio.sleep(seconds * self.scale)

    def whole_seconds(self, seconds: float) -> int:
        """The same wait in whole seconds, rounded down: all that the queue can count in."""
        return int(seconds * self.scale)
