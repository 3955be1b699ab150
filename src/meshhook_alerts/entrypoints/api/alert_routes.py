"""``GET /api/alerts…``: alerts, their failures, the ledger, the messages, and the closed lists."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request, Response
from pydantic import AwareDatetime, BaseModel, Field

from meshhook_alerts.application.problems import NotFound
from meshhook_alerts.application.read_alerts import MOST_ON_A_PAGE, AlertFilter, Page, RowFilter
from meshhook_alerts.bootstrap import Service, run_pages
from meshhook_alerts.domain.hints import hint_for
from meshhook_alerts.domain.kinds import KINDS, title_of
from meshhook_alerts.domain.reasons import Reason
from meshhook_alerts.domain.severity import Severity
from meshhook_alerts.entrypoints.api.cursors import cursor_of, place_of
from meshhook_alerts.entrypoints.api.identity import SignedIn
from meshhook_alerts.entrypoints.api.problems import storable

router = APIRouter(prefix="/api/alerts", tags=["alerts"], dependencies=[Depends(storable)])

State = Literal["firing", "acknowledged", "snoozed", "resolved"]
Limit = Annotated[int, Query(ge=1, le=MOST_ON_A_PAGE, description="Rows of a page.")]
Cursor = Annotated[str | None, Query(max_length=400, description="`next` of the page before.")]


class InHand(BaseModel):
    """Who has an alert in hand."""

    by: str
    since: datetime | None
    until: datetime | None
    until_changed: bool
    until_failures: int | None = Field(description="The alert's number of failures at which a snooze ends.")  # fmt: skip


class AlertAnswer(BaseModel):
    """An alert in a list."""

    id: UUID
    project_id: UUID
    workflow: str | None = Field(description="Slug.")
    node_id: str | None
    kind: str
    title: str = Field(description="The kind, for people.")
    failure_class: str
    severity: str
    status: str = Field(description="firing, acknowledged, snoozed or resolved.")
    error: str = Field(description="As the first failure had it, redacted.")
    error_class: str
    failures: int
    withdrawn: int = Field(description="Failures that proved to be none.")
    opened_at: datetime
    last_failure_at: datetime
    resolved_at: datetime | None
    closed: str | None = Field(description="Why it ended without having recovered.")
    in_hand: InHand | None
    flapping: bool
    updated_at: datetime


class CountsAnswer(BaseModel):
    """How many alerts there are; of each filter as if it alone were not set."""

    state: dict[str, int]
    severity: dict[str, int]


class AlertsAnswer(BaseModel):
    """A page of alerts, the latest failure first."""

    alerts: list[AlertAnswer]
    counts: CountsAnswer
    next: str | None = Field(description="Where the next page begins; null: this is the last.")


class ReasonAnswer(BaseModel):
    """A reason of the closed list."""

    name: str
    effect: str
    sentence: str


class KindAnswer(BaseModel):
    """A kind of the closed list."""

    name: str
    rule: str
    failure_class: str
    title: str
    severity: str | None = Field(description="Where it does not follow from the class.")
    critical: bool = Field(description="Whether the run cannot complete without a person.")
    default_on: bool


class DecisionAnswer(BaseModel):
    """A line of the ledger."""

    at: datetime
    effect: str
    reason: str
    sentence: str
    count: int
    channel: str | None
    rule: str | None
    blocked_by: str | None
    eligible_at: datetime | None


class LogAnswer(DecisionAnswer):
    """A line of the ledger, by itself."""

    id: int
    project_id: UUID
    alert_id: UUID
    severity: str
    channel_id: UUID | None
    notification_id: UUID | None
    settings_version: int


class NotificationAnswer(BaseModel):
    """A message."""

    id: UUID
    project_id: UUID
    alert_id: UUID
    channel_id: UUID
    channel: str | None = Field(description="Null: it has been deleted.")
    reason: str
    severity: str
    headline: str | None
    state: str = Field(description="pending, delivered, rejected or expired.")
    attempts: int
    detail: str | None = Field(description="The last answer, redacted.")
    created_at: datetime
    deadline_at: datetime
    next_attempt_at: datetime | None
    finished_at: datetime | None
    receipts: dict[str, Any] = Field(
        description="What the other side said later, by recipient: state (delivered or undelivered), detail, at."
    )


class FailureAnswer(BaseModel):
    """A failure event."""

    project_id: UUID
    alert_id: UUID
    source_ref: str = Field(description="What was seen; it counts once.")
    source_time: datetime
    noticed_at: datetime
    withdrawn_at: datetime | None
    run_id: UUID | None
    kind: str
    workflow: str | None
    node_id: str | None
    severity: str
    http_status: int | None
    error_class: str
    error: str


class LogsAnswer(BaseModel):
    """A page of the ledger, the newest first."""

    logs: list[LogAnswer]
    next: str | None


class NotificationsAnswer(BaseModel):
    """A page of messages, the newest first."""

    notifications: list[NotificationAnswer]
    next: str | None


class FailuresAnswer(BaseModel):
    """A page of failures, the newest first."""

    failures: list[FailureAnswer]
    next: str | None


class ChannelKnows(BaseModel):
    """What a channel knows of an alert."""

    channel_id: UUID
    name: str | None = Field(description="Null: it has been deleted.")
    kind: str | None
    told_at: datetime
    messages: int
    failures: int = Field(description="Of how many it knows.")
    believes_open: bool = Field(description="Whether it is owed the end.")
    remind_at: datetime | None


class AttemptAnswer(BaseModel):
    """A try at a message."""

    number: int
    at: datetime
    outcome: str
    detail: str | None


class MessageOfAlert(BaseModel):
    """A message about the alert, with its latest tries."""

    id: UUID
    reason: str
    sentence: str
    state: str
    channel: str | None
    created_at: datetime
    next_attempt_at: datetime | None
    attempts: list[AttemptAnswer]


class Happening(BaseModel):
    """Something that happened to the alert."""

    at: datetime
    what: str = Field(description="failures, decision or act.")
    said: str = Field(description="For people.")
    facts: dict[str, Any]


class DetailAnswer(AlertAnswer):
    """An alert and all that is known of it."""

    hint: str = Field(description="What to look at first; empty where nothing is known.")
    run_url: str | None = Field(
        description="Its latest run's page in MeshHook, where that is known."
    )
    evidence: dict[str, Any]
    channels: list[ChannelKnows]
    notifications: list[MessageOfAlert]
    timeline: list[Happening] = Field(description="Failures, decisions and acts, the newest first.")
    shown: dict[str, int] = Field(description="How many of each there are in all.")


@router.get("", summary="Alerts")
async def alerts(
    request: Request,
    who: SignedIn,
    project_id: UUID | None = None,
    state: Annotated[list[State], Query(description="Any of these; left out: all.")] = [],  # noqa: B006
    severity: Annotated[list[Severity], Query()] = [],  # noqa: B006
    kind: Annotated[list[str], Query(max_length=60)] = [],  # noqa: B006
    workflow: Annotated[str | None, Query(max_length=200, description="Slug.")] = None,
    text: Annotated[str | None, Query(max_length=200, description="In workflow, node, kind or error.")] = None,
    since: Annotated[AwareDatetime | None, Query(description="Failed then or later; with an offset or Z.")] = None,
    run_id: Annotated[UUID | None, Query(description="Of which this run's failures are part.")] = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> AlertsAnswer:  # fmt: skip
    """Whatever the caller may see, the latest failure first."""
    service: Service = request.app.state.service
    wanted = AlertFilter(
        project_id,
        tuple(state),
        tuple(severity),
        tuple(kind),
        workflow,
        text or None,
        since,
        run_id,
    )
    rows, following = await _page(
        request, f"alerts {wanted}", limit, cursor, ("last_failure_at", "id"),
        lambda page: service.alert_reader.alerts(who, wanted, page),
    )  # fmt: skip
    counts = await service.alert_reader.counts(who, wanted)
    return AlertsAnswer(
        alerts=[AlertAnswer(**alert_fields(row)) for row in rows],
        counts=CountsAnswer(**counts),
        next=following,
    )


@router.get("/kinds", summary="What can fail")
async def kinds(who: SignedIn) -> list[KindAnswer]:
    """The closed list of kinds."""
    return [
        KindAnswer(
            name=each.name, rule=each.rule, failure_class=each.failure_class, title=each.title,
            severity=each.severity, critical=each.critical, default_on=each.default_on,
        )
        for each in KINDS.values()
    ]  # fmt: skip


@router.get("/reasons", summary="Why something was told or not")
async def reasons(who: SignedIn) -> list[ReasonAnswer]:
    """The closed list of reasons in the ledger."""
    return [ReasonAnswer(name=each, effect=each.effect, sentence=each.sentence) for each in Reason]


@router.get("/failures", summary="Failure events")
async def failures(
    request: Request, who: SignedIn, project_id: UUID | None = None, alert_id: UUID | None = None,
    limit: Limit = 50, cursor: Cursor = None,
) -> FailuresAnswer:  # fmt: skip
    """Each once, the newest first."""
    wanted, order = RowFilter(project_id, alert_id), ("noticed_at", "source_ref")
    rows, following = await _list(request, "failures", who, wanted, limit, cursor, order)
    return FailuresAnswer(failures=[FailureAnswer(**row) for row in rows], next=following)


@router.get("/logs", summary="The ledger")
async def logs(
    request: Request, who: SignedIn, project_id: UUID | None = None, alert_id: UUID | None = None,
    limit: Limit = 50, cursor: Cursor = None,
) -> LogsAnswer:  # fmt: skip
    """Every decision and every outcome, with its reason, the newest first."""
    wanted, order = RowFilter(project_id, alert_id), ("id", "logged_at")
    rows, following = await _list(request, "logs", who, wanted, limit, cursor, order)
    return LogsAnswer(
        logs=[LogAnswer(**{**row, "sentence": sentence_of(row["reason"])}) for row in rows],
        next=following,
    )


@router.get("/notifications", summary="Messages")
async def notifications(
    request: Request, who: SignedIn, project_id: UUID | None = None, alert_id: UUID | None = None,
    limit: Limit = 50, cursor: Cursor = None,
) -> NotificationsAnswer:  # fmt: skip
    """What was sent, is being sent, or could not be, the newest first."""
    wanted, order = RowFilter(project_id, alert_id), ("created_at", "id")
    rows, following = await _list(request, "notifications", who, wanted, limit, cursor, order)
    return NotificationsAnswer(
        notifications=[NotificationAnswer(**row) for row in rows], next=following
    )


@router.get("/{alert_id:uuid}", summary="One alert")
async def one(request: Request, response: Response, alert_id: UUID, who: SignedIn) -> DetailAnswer:
    """Evidence, what each channel knows, and what happened: failures, decisions, acts."""
    service: Service = request.app.state.service
    row = await service.alert_reader.one(who, alert_id)
    if row is None:
        raise NotFound(f"alert {alert_id}")
    response.headers["ETag"] = f'"{row["version"]}"'
    return DetailAnswer(
        **alert_fields(row),
        hint=hint_for(row["kind"], row["error_class"]) or "",
        run_url=_run_url(service, row["evidence"]),
        evidence=row["evidence"],
        channels=[ChannelKnows(**each) for each in row["channels"]],
        notifications=[
            MessageOfAlert(**{**each, "sentence": sentence_of(each["reason"])})
            for each in row["notifications"]
        ],
        timeline=_timeline(row),
        shown={
            "failures": row["count"],
            "decisions": _total(row["decisions"]),
            "notifications": _total(row["notifications"]),
            "acts": len(row["acts"]),
        },
    )


def _run_url(service: Service, evidence: Mapping[str, Any]) -> str | None:
    pattern, run = run_pages(service.settings), evidence.get("run_id")
    return pattern.replace("{id}", str(run)) if pattern and run else None


def alert_fields(row: Mapping[str, Any]) -> dict[str, Any]:
    life = row["life"] or {}
    in_hand = row["status"] in ("acknowledged", "snoozed")
    kept = ("id", "project_id", "workflow", "node_id", "kind", "failure_class", "severity", "status",
            "error_class", "withdrawn", "opened_at", "last_failure_at", "resolved_at", "updated_at")  # fmt: skip
    return {
        **{name: row[name] for name in kept},
        "title": title_of(row["kind"]),
        "error": row["sample"] or row["error"],
        "failures": row["count"],
        "closed": life.get("closed") if row["status"] == "resolved" else None,
        "in_hand": {
            "by": life.get("by") or "somebody",
            "since": life.get("since"),
            "until": life.get("until"),
            "until_changed": life.get("until_changed", False),
            "until_failures": life.get("until_count"),
        }
        if in_hand
        else None,
        "flapping": life.get("flapping", False),
    }


def _timeline(row: Mapping[str, Any]) -> list[Happening]:
    happened = [
        *(Happening(at=each["at"], what="failures", said=_failed(each), facts=_facts(each)) for each in row["folds"]),
        *(Happening(at=each["at"], what="decision", said=sentence_of(each["reason"]), facts=_facts(each)) for each in row["decisions"]),
        *(Happening(at=each["at"], what="act", said=_did(each), facts=_facts(each)) for each in row["acts"]),
    ]  # fmt: skip
    return sorted(happened, key=lambda each: each.at, reverse=True)


def _facts(row: Mapping[str, Any]) -> dict[str, Any]:
    return {
        name: value
        for name, value in row.items()
        if name not in ("at", "total") and value is not None
    }


def _failed(fold: Mapping[str, Any]) -> str:
    number = "It failed" if fold["count"] == 1 else f"It failed {fold['count']:,} times"
    return (
        f"{number}: {fold['sample'].splitlines()[0] if fold['sample'] else title_of(fold['kind'])}"
    )


_DID = {"acknowledge": "acknowledged it", "snooze": "snoozed it", "resolve": "closed it", "reopen": "opened it again"}  # fmt: skip


def _did(act: Mapping[str, Any]) -> str:
    if act["outcome"] != "done":
        return f"{act['by_name']} wanted to {act['kind']} it, which changed nothing"
    note = f": {act['note']}" if act["note"] else ""
    return f"{act['by_name']} {_DID[act['kind']]}{note}"


def sentence_of(reason: str) -> str:
    return Reason(reason).sentence if reason in set(Reason) else reason


def _total(rows: Sequence[Mapping[str, Any]]) -> int:
    return int(rows[0]["total"]) if rows else 0


async def _list(
    request: Request, what: str, who: Any, wanted: RowFilter, limit: int, cursor: str | None,
    order: tuple[str, str],
) -> tuple[Sequence[Mapping[str, Any]], str | None]:  # fmt: skip
    reader = request.app.state.service.alert_reader
    return await _page(
        request, f"{what} {wanted}", limit, cursor, order,
        lambda page: reader.rows(what, who, wanted, page),
    )  # fmt: skip


async def _page(
    request: Request, about: str, limit: int, cursor: str | None, order: tuple[str, str],
    read: Callable[[Page], Any],
) -> tuple[Sequence[Mapping[str, Any]], str | None]:  # fmt: skip
    """The rows of a page, and the cursor of the next: one row more is asked for than is shown."""
    secret = request.app.state.cursor_secret
    after = place_of(cursor, about, secret) if cursor else None
    rows = await read(Page(limit + 1, after))
    following = None
    if len(rows) > limit:
        rows = rows[:limit]
        following = cursor_of([rows[-1][name] for name in order], about, secret)
    return rows, following
