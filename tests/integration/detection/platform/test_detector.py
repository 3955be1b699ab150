"""Rule P11: detection itself is late."""

from __future__ import annotations

from datetime import timedelta

import pytest

from meshhook_alerts.adapters.postgres.detection.detector import Watch, detector_sweep
from meshhook_alerts.domain.identifiers import PLATFORM
from tests.integration.detection.platform.looking import (
    only,
)
from tests.integration.detection.support import (
    NO_HOLD,
    decided,
    kinds,
    policies,
    sweep,
)
from tests.line import World

pytestmark = pytest.mark.postgres


class Someone:
    name = "someones"
    interval_seconds = 30.0


async def test_a_sweep_that_hangs_is_told_once_it_has_been_watched_long_enough(
    world: World,
) -> None:
    each = detector_sweep(policies, [Someone()], hold=NO_HOLD)
    long_ago = "insert into meshhook_alerts.sweeps (name, finished_at) values ('someones', now() - interval '2 h')"
    await world.execute(long_ago)
    assert await sweep(world.url, each) == 0  # the service was off, on purpose
    watch = each._rules[0].find
    assert isinstance(watch, Watch)
    assert watch._since is not None
    watch._since -= timedelta(seconds=100)
    assert await sweep(world.url, each) == 1
    seen = await only(world)
    assert (seen["project_id"], seen["observed"]) == (PLATFORM, "detector_stale")
    assert "someones" in seen["error"]
    await decided(world)
    await world.execute("update meshhook_alerts.sweeps set finished_at = now()")
    await sweep(world.url, each)
    assert await sweep(world.url, each) == 1
    assert await kinds(world) == ["recovered"]
