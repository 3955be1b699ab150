"""Errors as ``application/problem+json`` (RFC 9457): a code, the fields, a sentence that helps."""

from __future__ import annotations

import re
from collections.abc import Sequence
from http import HTTPStatus
from typing import Any, TypeVar

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ValidationError
from starlette.exceptions import HTTPException

from meshhook_alerts.application.ports import StoreUnavailable
from meshhook_alerts.application.problems import (
    Changed,
    Forbidden,
    InvalidField,
    InvalidRequest,
    NotFound,
    is_storable,
    unstorable,
    wrong_fields,
)

WITH_BODY = frozenset({"POST", "PUT", "PATCH"})

_UNSTORABLE = re.compile(rb"(?i)\\u(?:0000|d[89a-f])")

MOST_FIELDS = 100
"""Wrong fields named in one answer."""

Model = TypeVar("Model", bound=BaseModel)


class Problem(Exception):  # noqa: N818
    """An answer other than success."""

    def __init__(
        self,
        status: int,
        code: str,
        detail: str,
        fields: Sequence[InvalidField] = (),
        headers: dict[str, str] | None = None,
    ) -> None:
        super().__init__(detail)
        self.status = status
        self.code = code
        self.detail = detail
        self.fields = fields
        self.headers = headers


def add_problem_handlers(app: FastAPI) -> None:
    """Makes every error leave as problem+json."""
    app.add_exception_handler(Problem, _problem)
    app.add_exception_handler(InvalidRequest, _invalid)
    app.add_exception_handler(NotFound, _not_found)
    app.add_exception_handler(Changed, _changed)
    app.add_exception_handler(Forbidden, _forbidden)
    app.add_exception_handler(StoreUnavailable, _unavailable)
    app.add_exception_handler(RequestValidationError, _malformed)
    app.add_exception_handler(HTTPException, _http)


def validated(model: type[Model], content: Any) -> Model:
    """``content`` as a ``model``, for routes that read their body themselves.

    Raises:
        InvalidRequest
    """
    try:
        return model.model_validate(content)
    except ValidationError as problem:
        wrong = [{**each, "loc": _place(each["loc"])} for each in problem.errors()[:MOST_FIELDS]]
        raise InvalidRequest(wrong_fields(wrong)) from None


async def storable(request: Request) -> None:
    """For routers to depend on: no text in the path, the query or the body that the database cannot keep."""
    named = (*request.path_params.values(), *request.query_params.values())
    if not all(is_storable(str(part)) for part in named):
        raise Problem(404, "not_found", "Nothing can have that name.")
    if request.method in WITH_BODY:
        body = await request.body()
        if not body:
            raise Problem(400, "malformed_json", "The body is empty; send a JSON object.")
        # Only an escape can bring in what cannot be stored: JSON takes neither as it is.
        if _UNSTORABLE.search(body) and (wrong := list(unstorable(await request.json()))):
            raise InvalidRequest(wrong)


async def json_object(request: Request) -> dict[str, Any]:
    """A body that is a JSON object.

    Raises:
        Problem, InvalidRequest
    """
    try:
        body = await request.json()
    except (ValueError, RecursionError):
        raise Problem(400, "malformed_json", "The body is not valid JSON.") from None
    if not isinstance(body, dict):
        raise InvalidRequest([InvalidField("", "must be an object")])
    return body


def body_of(model: type[BaseModel], example: dict[str, Any]) -> dict[str, Any]:
    """What the specification says of a body that is read by hand, with a body that is useful."""
    content = {"application/json": {"schema": schema_of(model), "example": example}}
    return {"requestBody": {"required": True, "content": content}}


def schema_of(model: type[BaseModel]) -> dict[str, Any]:
    """A model's schema that stands by itself."""
    schema = model.model_json_schema()
    parts = schema.pop("$defs", {})
    whole: dict[str, Any] = _with_parts(schema, parts)
    return whole


def _with_parts(schema: Any, parts: dict[str, Any], within: tuple[str, ...] = ()) -> Any:
    """A schema that stands by itself: the framework knows nothing of bodies read by hand. What contains
    itself is shown once."""
    if isinstance(schema, list):
        return [_with_parts(each, parts, within) for each in schema]
    if not isinstance(schema, dict):
        return schema
    part = str(schema.get("$ref", "")).removeprefix("#/$defs/")
    if part in within:
        return {"type": "object", "title": part, "description": "The same as around it."}
    if part in parts:
        whole = {**parts[part], **{k: v for k, v in schema.items() if k != "$ref"}}
        return _with_parts(whole, parts, (*within, part))
    return {name: _with_parts(each, parts, within) for name, each in schema.items()}


def answer(problem: Problem, request: Request) -> JSONResponse:
    """A problem as a response."""
    body: dict[str, Any] = {
        "type": "about:blank",
        "title": HTTPStatus(problem.status).phrase,
        "status": problem.status,
        "code": problem.code,
        "detail": problem.detail,
        "request_id": getattr(request.state, "request_id", None),
    }
    if problem.fields:
        body["errors"] = [
            {"pointer": each.pointer, "detail": each.message} for each in problem.fields
        ]
    return JSONResponse(
        body, problem.status, headers=problem.headers, media_type="application/problem+json"
    )


async def _problem(request: Request, problem: Exception) -> JSONResponse:
    assert isinstance(problem, Problem)
    return answer(problem, request)


async def _invalid(request: Request, problem: Exception) -> JSONResponse:
    assert isinstance(problem, InvalidRequest)
    detail = "Some fields cannot be used; nothing was changed."
    return answer(Problem(422, "invalid_fields", detail, problem.fields), request)


async def _not_found(request: Request, problem: Exception) -> JSONResponse:
    detail = f"Not found, or not yours to see: {problem}."
    return answer(Problem(404, "not_found", detail), request)


async def _forbidden(request: Request, problem: Exception) -> JSONResponse:
    detail = f"You may look, but not {problem}: ask its owner."
    return answer(Problem(403, "forbidden", detail), request)


async def _changed(request: Request, problem: Exception) -> JSONResponse:
    asked = "if-match" in request.headers
    detail = f"Nothing was changed: {problem}. Read it again, then send your change."
    status, code = (412, "precondition_failed") if asked else (409, "conflict")
    return answer(Problem(status, code, detail), request)


async def _unavailable(request: Request, problem: Exception) -> JSONResponse:
    detail = f"The database cannot be used right now: {problem}. Nothing was changed; try again."
    return answer(
        Problem(503, "database_unavailable", detail, headers={"Retry-After": "5"}), request
    )


async def _malformed(request: Request, problem: Exception) -> JSONResponse:
    assert isinstance(problem, RequestValidationError)
    errors = problem.errors()
    if any(error["type"] == "json_invalid" for error in errors):
        return answer(Problem(400, "malformed_json", "The body is not valid JSON."), request)
    fields = wrong_fields([{**error, "loc": _place(error["loc"])} for error in errors])
    detail = "Some fields cannot be used; nothing was changed."
    return answer(Problem(422, "invalid_fields", detail, fields), request)


async def _http(request: Request, problem: Exception) -> JSONResponse:
    assert isinstance(problem, HTTPException)
    code = HTTPStatus(problem.status_code).phrase.lower().replace(" ", "_")
    if problem.status_code == 400:  # the framework's word for a body it cannot read
        code = "malformed_json"
    headers = dict(problem.headers or {})
    return answer(Problem(problem.status_code, code, str(problem.detail), headers=headers), request)


def _place(loc: Sequence[int | str]) -> list[int | str]:
    """The place in the request: the framework also names the body, and a key that is wrong."""
    return [part for part in loc if part not in ("body", "path", "[key]")]
