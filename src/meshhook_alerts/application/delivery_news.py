"""What the operator hears of delivery: one line for each message given up, one when a channel begins to
fail and one when it takes messages again; never one for each try."""

from __future__ import annotations

import logging
from collections.abc import Sequence

from meshhook_alerts.application.ports import DeliveryNews
from meshhook_alerts.domain.redaction import redact_name

_log = logging.getLogger(__name__)

_NEXT = "mend it, then try it: meshhook-alerts channels test %s"


def tell(news: Sequence[DeliveryNews]) -> None:
    """Says it in the log: project, channel, the other side's own words, what to do next."""
    said = set()
    for each in news:
        if each.starts_failing and each.channel not in said:
            _log.error(
                "%s takes no messages: %s; " + _NEXT, _channel(each), each.detail, _name(each)
            )
        if each.takes_again and each.channel not in said:
            _log.info("%s takes messages again", _channel(each))
        said.add(each.channel)
        if each.state in ("rejected", "expired"):
            _log.warning(
                "notification %s was %s by %s: %s; what it told counts as untold; " + _NEXT,
                each.notification_id, _WORD[each.state], _channel(each), each.detail, _name(each),
            )  # fmt: skip


_WORD = {"rejected": "refused for good", "expired": "not accepted before its deadline"}


def _channel(news: DeliveryNews) -> str:
    if news.channel is None:
        return f"a deleted channel of project {news.project_id}"
    return f"channel {_name(news)} ({news.kind}, project {news.project_id})"


def _name(news: DeliveryNews) -> str:
    return repr(redact_name(news.channel)) if news.channel else "NAME"
