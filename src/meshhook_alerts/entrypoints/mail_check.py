"""What ``doctor`` says of the operator's mail server."""

from __future__ import annotations

from meshhook_alerts.adapters.postgres.doctor import Finding
from meshhook_alerts.bootstrap import mail_server_of, outbound_guard
from meshhook_alerts.channels.email.examination import examine
from meshhook_alerts.domain.delivery import Delivered
from meshhook_alerts.domain.redaction import redact
from meshhook_alerts.settings import Settings, variable


async def mail_server(settings: Settings) -> Finding:
    """Whether it connects, encrypts, lets us in and takes our sender; no message is sent.

    Raises:
        SettingsError: its address cannot be used.
    """
    server = mail_server_of(settings)
    if server is None:
        return Finding(
            "note", "mail server", "none is set here, so only channels with one of their own send e-mail",
            f"Set {variable('smtp_url')} and {variable('mail_from')} for every worker.",
        )  # fmt: skip
    outcome = await examine(server, outbound_guard(settings))
    if isinstance(outcome, Delivered):
        return Finding("ok", "mail server", outcome.detail)
    hidden = (
        outcome.detail.replace(server.password, "[removed]") if server.password else outcome.detail
    )
    return Finding(
        "wrong", "mail server", redact(hidden),
        f"Check {variable('smtp_url')} (host, port, user, password) and {variable('mail_from')}.",
    )  # fmt: skip
