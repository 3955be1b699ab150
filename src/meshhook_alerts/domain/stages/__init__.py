"""The stages of a decision, one file each, in the order of the line.

match → threshold → silence → inhibition → attended → flapping → quiet period → throttle → cap → storm → notify

A stage after *match* looks at one candidate and either stops it with a verdict or lets it pass
(None). ``SUPPRESSING`` is the literal order; a new stage is a file and one entry here.
"""

from __future__ import annotations

from collections.abc import Callable

from meshhook_alerts.domain.decision import Candidate, Context, Verdict
from meshhook_alerts.domain.stages.attended import attended
from meshhook_alerts.domain.stages.cap import cap
from meshhook_alerts.domain.stages.flapping import flapping
from meshhook_alerts.domain.stages.inhibit import inhibit
from meshhook_alerts.domain.stages.quiet_period import quiet_period
from meshhook_alerts.domain.stages.silence import silence
from meshhook_alerts.domain.stages.storm import storm
from meshhook_alerts.domain.stages.threshold import threshold
from meshhook_alerts.domain.stages.throttle import throttle

Stage = Callable[[Candidate, Context], Verdict | None]

SUPPRESSING: tuple[Stage, ...] = (
    threshold, silence, inhibit, attended, flapping, quiet_period, throttle, cap, storm,
)  # fmt: skip
