"""What can happen to a run: one plot for each state MeshHook is known to leave behind."""

from __future__ import annotations

from enum import StrEnum


class Plot(StrEnum):
    """How a run goes. Every fault strikes at the workflow's first HTTP node."""

    SUCCEEDS = "succeeds"
    """Every step succeeds and the run is closed."""

    RETRIES_THEN_SUCCEEDS = "retries_then_succeeds"
    """The far side answers 503 twice, then 200; the run is closed."""

    SERVER_ERROR = "server_error"
    """Five times HTTP 503; the run stays open."""

    CLIENT_ERROR = "client_error"
    """Five times HTTP 404, which is retried like any other; the run stays open."""

    UNAUTHORIZED = "unauthorized"
    """Five times HTTP 401; the run stays open."""

    CONNECTION_REFUSED = "connection_refused"
    """Five refused connections, so no response is recorded; the run stays open."""

    DNS_FAILURE = "dns_failure"
    """The host name does not resolve, five times; the run stays open."""

    TIMEOUT = "timeout"
    """No response headers within ten seconds, five times; the run stays open."""

    CERTIFICATE = "certificate"
    """The far side's certificate is refused, five times; the run stays open."""

    UNSTORABLE_RESPONSE = "unstorable_response"
    """The call succeeds, but its response holds a NUL that the database refuses: each success is
    recorded as a failure and the call repeated, five times; the run stays open."""

    SECRET_IN_ERROR = "secret_in_error"  # noqa: S105  a plot's name, not a password
    """Five errors whose text carries an address with credentials and a bearer token, as texts of
    a later MeshHook may; the run stays open."""

    NEVER_STARTED = "never_started"
    """Accepted and never picked up: what every run of the deployed engine does today."""

    WORKER_DIES = "worker_dies"
    """The HTTP step is handed over and nothing more is heard."""

    NOT_ADVANCED = "not_advanced"
    """The first step succeeds and the next one is never scheduled."""

    NO_EVENTS = "no_events"
    """The sender's body holds a NUL: the run is there, its first event is refused."""

    DEAD_LETTERED = "dead_lettered"
    """The run's job fails until the queue gives it up; the run hears nothing of it. Without the
    queue only the tracking of the job tells; without that, the run just never starts."""

    MARKED_FAILED = "marked_failed"
    """After its first step somebody sets the run's status to failed by hand."""
