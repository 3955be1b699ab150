"""What these tests share."""

from __future__ import annotations

import pytest

from tests.integration.detection.support import Jobs
from tests.line import World


@pytest.fixture
def jobs(world: World) -> Jobs:
    """The queue library, at work in the world's database."""
    return Jobs(world)
