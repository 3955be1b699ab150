"""Database troubles in the application's words, with the next step."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from functools import wraps
from typing import Any, ParamSpec, TypeVar

import psycopg
from psycopg import errors
from psycopg_pool import PoolClosed, PoolTimeout

from meshhook_alerts.adapters.postgres.sessions import HEALED_BY_ANOTHER
from meshhook_alerts.application.ports import StatementRefused, StoreUnavailable

P = ParamSpec("P")
R = TypeVar("R")

_TROUBLES = (
    psycopg.OperationalError,
    psycopg.InterfaceError,
    PoolTimeout,
    PoolClosed,
    errors.UndefinedTable,
    errors.UndefinedFunction,
    errors.UndefinedColumn,
    errors.InvalidSchemaName,
    errors.InsufficientPrivilege,
    errors.InvalidParameterValue,  # a role that does not exist
    *HEALED_BY_ANOTHER,
)


def translated(
    method: Callable[P, Coroutine[Any, Any, R]],
) -> Callable[P, Coroutine[Any, Any, R]]:
    """Makes an adapter's method raise ``StoreUnavailable`` where the database is the trouble."""

    @wraps(method)
    async def guarded(*args: P.args, **kwargs: P.kwargs) -> R:
        with translating():
            return await method(*args, **kwargs)

    return guarded


@contextmanager
def translating() -> Iterator[None]:
    """Raises ``StoreUnavailable`` where the database is the trouble."""
    try:
        yield
    except StoreUnavailable:
        raise
    except _TROUBLES as problem:
        raise _kind_of(problem)(explain(problem)) from problem


def _kind_of(problem: Exception) -> type[StoreUnavailable]:
    """Whether the database is away, or has only refused what was asked."""
    refused = isinstance(problem, psycopg.Error) and (problem.sqlstate or "")[:2] in _REFUSALS
    return StatementRefused if refused else StoreUnavailable


_REFUSALS = ("22", "23", "3F", "42", "44", "55", "P0")
"""Classes of SQLSTATE (PostgreSQL, appendix A) that are about the statement and its data."""


def explain(problem: Exception) -> str:
    """One line on what is wrong and what to do; never a connection string."""
    first_line = (str(problem).strip().splitlines() or [type(problem).__name__])[0]
    if isinstance(problem, errors.UndefinedTable) and "public.alert" not in first_line:
        missing = first_line.removeprefix("relation ").split(" does not exist")[0]
        if "meshhook_alerts" not in missing:
            return f"table {missing} is missing: is this a MeshHook database? See `meshhook-alerts doctor`"
    if isinstance(
        problem,
        errors.UndefinedTable
        | errors.UndefinedFunction
        | errors.UndefinedColumn
        | errors.InvalidSchemaName,
    ):
        return f"{first_line}: run `meshhook-alerts migrate`"
    if isinstance(problem, errors.InsufficientPrivilege | errors.InvalidParameterValue):
        return f"{first_line}: see `meshhook-alerts doctor`"
    if isinstance(problem, PoolTimeout):
        return "no connection to the database could be had in time"
    return first_line
