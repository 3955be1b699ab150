"""The steps a run takes: nodes as worker events name them, with the host an HTTP node calls."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any
from urllib.parse import urlsplit

_SOME_HOST = "api.example"


class NodeIds(StrEnum):
    """Which node ids the worker's events carry."""

    HARD_CODED = "hard_coded"
    """Today's MeshHook: three fixed nodes, whatever the definition says."""

    DEFINITION = "definition"
    """A later MeshHook that follows the definition."""


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a run; ``type`` as the worker writes it, in snake case."""

    id: str
    type: str
    host: str = _SOME_HOST

    @property
    def node(self) -> dict[str, str]:
        """The node as events carry it."""
        return {"id": self.id, "type": self.type}


# The only node types a worker knows; it takes any other and silently does nothing with it.
_WORKER_TYPES = {"httpCall": "http_call", "transform": "transform", "terminate": "terminate"}


def steps_of(definition: Mapping[str, Any], ids: NodeIds) -> list[Step]:
    """The steps of a stored definition, in its order."""
    steps = [_step(node) for node in definition["nodes"] if node["data"]["type"] in _WORKER_TYPES]
    return steps if ids is NodeIds.DEFINITION else _as_hard_coded(steps)


def _step(node: Mapping[str, Any]) -> Step:
    config = node["data"].get("config") or {}
    host = urlsplit(config.get("url", "")).hostname or _SOME_HOST
    return Step(node["id"], _WORKER_TYPES[node["data"]["type"]], host)


def _as_hard_coded(steps: list[Step]) -> list[Step]:
    """Today's fixed nodes; the ending is the definition's, so that both endings are seen."""
    host = next((step.host for step in steps if step.type == "http_call"), _SOME_HOST)
    fixed = [Step("mapLead", "transform"), Step("createContact", "http_call", host)]
    ends = any(step.type == "terminate" for step in steps)
    return [*fixed, Step("terminate", "terminate")] if ends else fixed
