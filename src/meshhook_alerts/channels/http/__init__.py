"""What every channel over HTTP needs; third parties may import it.

`HttpChannel` is a whole channel but for its requests and how answers are to be read; `post` sends one request
through the outbound guard and says how it ended; `secret_parts` names what of an address must not be shown, for
``channels.masking.detail``.
"""

from meshhook_alerts.channels.http.answers import outcome_of, retry_after, said_by
from meshhook_alerts.channels.http.channel import HttpChannel, Post, alerts_in, in_all, json_of
from meshhook_alerts.channels.http.posting import check_address, post, secret_parts

__all__ = [
    "HttpChannel", "Post", "alerts_in", "check_address", "in_all", "json_of", "outcome_of", "post",
    "retry_after", "said_by", "secret_parts",
]  # fmt: skip
