"""Structured logs: for people on a terminal, as JSON elsewhere."""

from __future__ import annotations

import logging
import sys

import structlog

from meshhook_alerts.domain.redaction import redact


def _without_secrets(
    logger: object, method: str, entry: structlog.typing.EventDict
) -> structlog.typing.EventDict:
    """Every text of a log line redacted, an exception's included."""
    return {name: redact(each) if isinstance(each, str) else each for name, each in entry.items()}


def set_up_logs(level: str) -> None:
    """Sends the standard library's logging and structlog through one formatter to stderr."""
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.StackInfoRenderer(),
    ]
    terminal = sys.stderr.isatty()
    renderer: structlog.typing.Processor = (
        # Tracebacks are plain: a picture of the local variables shows what nobody should see.
        structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback)
        if terminal
        else structlog.processors.JSONRenderer()
    )
    finish: list[structlog.typing.Processor] = [
        structlog.stdlib.ProcessorFormatter.remove_processors_meta,
        structlog.processors.format_exc_info,
        _without_secrets,
    ]
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared, processors=[*finish, renderer]
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level.upper())
    for noisy in ("aiosmtpd", "mail.log", "uvicorn.error", "asyncio"):
        logging.getLogger(noisy).setLevel("WARNING")
    # The driver tells of each connection that fails; the worker tells of the outage.
    logging.getLogger("psycopg").setLevel("ERROR")
