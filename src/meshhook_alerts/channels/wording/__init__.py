"""How a notification reads, before a channel gives it its own form; third parties may import it.

`view_of` works everything out: headline parts, what happened, how it went on, the facts, the links. All of it
is plain text made fit to show; escaping for a form is the channel's.
"""

from meshhook_alerts.channels.wording.look import colour_of, facts_of, heading_of, links_of, mark_of
from meshhook_alerts.channels.wording.text import block, line, shorten
from meshhook_alerts.channels.wording.view import view_of
from meshhook_alerts.channels.wording.view_parts import Fact, View

__all__ = [
    "Fact", "View", "block", "colour_of", "facts_of", "heading_of", "line", "links_of", "mark_of", "shorten", "view_of",
]  # fmt: skip
