"""`serve` as people start it: a process of its own."""

from __future__ import annotations

import asyncio
import re
import sys
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

THIS = (sys.executable, "-m", "meshhook_alerts")


@asynccontextmanager
async def serving(
    log: Path, env: Mapping[str, str], program: Sequence[str | Path] = THIS, port: int = 0
) -> AsyncIterator[str]:
    """``serve`` until the block ends, its output in ``log``; its address."""
    with log.open("wb") as file:
        process = await asyncio.create_subprocess_exec(
            *program, "serve", "--port", str(port), env=env, stdout=file, stderr=file
        )
        try:
            for _ in range(600):
                if found := re.search(r"API: (http://\S+)/api/alerts/docs", log.read_text()):
                    break
                assert process.returncode is None, log.read_text()
                await asyncio.sleep(0.1)
            assert found, log.read_text()
            yield found[1]
        finally:
            if process.returncode is None:
                process.terminate()
                await asyncio.wait_for(process.wait(), 30)
