"""Each story has a project, a database, a clock and a `serve` of its own."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.acceptance.stories.stage import Story, a_story
from tests.line import World


@pytest.fixture
async def story(world: World, tmp_path: Path) -> AsyncIterator[Story]:
    async with a_story(world, tmp_path) as made:
        yield made
