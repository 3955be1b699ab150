"""When two failures count as the same trouble.

Key: (project, workflow slug, node id, class, normalised error). The workflow's version is a label,
not part of the key, so that publishing does not open a new alert.
"""

from __future__ import annotations

from hashlib import blake2b
from uuid import UUID

from meshhook_alerts.domain.severity import FailureClass


def fingerprint(
    project_id: UUID,
    workflow: str | None,
    node_id: str | None,
    failure_class: FailureClass,
    normalised_error: str,
) -> str:
    """32 hexadecimal digits that are equal for failures of the same trouble."""
    key = f"{workflow or ''}\x1f{node_id or ''}\x1f{failure_class}\x1f{normalised_error}"
    # Lone surrogates can stand in foreign text; they must not stop a decision.
    return blake2b(
        key.encode("utf-8", "surrogatepass"), key=project_id.bytes, digest_size=16
    ).hexdigest()
