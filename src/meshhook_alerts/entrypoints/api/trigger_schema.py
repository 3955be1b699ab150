"""How the OpenAPI document describes a failure report, since the route reads its body itself."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel

from meshhook_alerts.application.reported_failure import MOST, FailureReport, ReportedFailure
from meshhook_alerts.entrypoints.api.report_formats import EVENT, EVENT_BATCH, JSON


def _schema(model: type[BaseModel]) -> dict[str, Any]:
    """The model's schema in one piece: references would lead nowhere in the larger document."""
    schema = model.model_json_schema()
    parts = schema.pop("$defs", {})

    def whole(node: Any) -> Any:
        if isinstance(node, list):
            return [whole(each) for each in node]
        if not isinstance(node, dict):
            return node
        if "$ref" in node:
            return whole(parts[node["$ref"].removeprefix("#/$defs/")])
        return {name: whole(each) for name, each in node.items()}

    made: dict[str, Any] = whole(schema)
    return made


_FAILURE = {
    "id": "circuit-payments-20261123T0915",
    "kind": "circuit_open",
    "occurred_at": "2026-11-23T09:15:02.120Z",
    "project_id": "7b0c2f6e-1d7e-4c39-9d0b-6f3f2a5d9c10",
    "workflow": "orders",
    "node_id": "charge",
    "error": "Circuit breaker is OPEN",
}
_REJECTION = {
    "id": "intake-7f3a",
    "kind": "intake_rejected",
    "occurred_at": "2026-11-23T09:15:02.120Z",
    "workflow": "orders",
    "http_status": 401,
    "error": "Delivery rejected with HTTP 401: the signature does not fit",
    "labels": {"reason": "signature"},
    "count": 12,
}
_EVENT = {
    "specversion": "1.0",
    "id": "a1",
    "source": "/meshhook/orchestrator",
    "type": "dev.meshhook.handler_exception",
    "time": "2026-11-23T09:15:02.120Z",
    "datacontenttype": "application/json",
    "data": {
        "run_id": "0f5c9b1e-6a0e-4f6e-8a53-0c8b2a6c1f11",
        "error": "Error: connect ECONNREFUSED",
    },
}
_EVENT_SCHEMA = {
    "type": "object",
    "description": "A CloudEvent 1.0. `source#id` is the failure's id.",
    "required": ["specversion", "id", "source", "type", "time"],
    "properties": {
        "specversion": {"const": "1.0"},
        "id": {"type": "string"},
        "source": {"type": "string"},
        "type": {
            "type": "string",
            "description": "`dev.meshhook.<kind>`, or any other if the data name a `kind`.",
        },
        "time": {"type": "string", "format": "date-time"},
        "data": {
            "type": "object",
            "description": "A failure's fields but `id` and `occurred_at`.",
        },
    },
}

REQUEST_BODY: dict[str, Any] = {
    "required": True,
    "description": "With `ce-*` headers, the body of application/json is the data of a CloudEvent.",
    "content": {
        JSON: {
            "schema": {"anyOf": [_schema(ReportedFailure), _schema(FailureReport)]},
            "examples": {
                "one": {"summary": "One failure", "value": _FAILURE},
                "several": {
                    "summary": "Several; the first knows only its workflow's slug",
                    "value": {"failures": [_REJECTION, _FAILURE]},
                },
            },
        },
        EVENT: {"schema": _EVENT_SCHEMA, "example": _EVENT},
        EVENT_BATCH: {
            "schema": {"type": "array", "maxItems": MOST, "items": _EVENT_SCHEMA},
            "example": [_EVENT],
        },
    },
}

_PROBLEM = {
    "application/problem+json": {
        "schema": {
            "type": "object",
            "properties": {
                "status": {"type": "integer"},
                "code": {"type": "string"},
                "detail": {"type": "string"},
                "errors": {
                    "type": "array",
                    "items": {
                        "type": "object",
                        "properties": {
                            "pointer": {
                                "type": "string",
                                "description": "JSON pointer into the body, `/failures/3/kind`.",
                            },
                            "detail": {"type": "string"},
                        },
                    },
                },
            },
        }
    }
}

PROBLEMS: dict[int | str, dict[str, Any]] = {
    status: {"description": said, "content": _PROBLEM}
    for status, said in {
        400: "The body is not JSON.",
        401: "Neither a valid token nor a signature that holds.",
        403: "A token of somebody who is not the service role.",
        413: "The body is larger than 2 MB.",
        415: "A form that cannot be read here; the answer says which can.",
        422: "Fields that cannot be used, each with its pointer. Nothing was recorded.",
        503: "The database cannot be used right now. Nothing was recorded; try again.",
    }.items()
}
