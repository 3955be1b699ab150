"""``meshhook-alerts alerts`` and ``tail``: looking at alerts and acting on them from a terminal."""

from __future__ import annotations

import getpass
import json
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Annotated, Any
from uuid import UUID

import typer

from meshhook_alerts.entrypoints.cli.alert_lines import line_of, show_whole
from meshhook_alerts.entrypoints.cli.ending import WRONG, fail, guarded, run
from meshhook_alerts.entrypoints.cli.opening import id_of, opened
from meshhook_alerts.entrypoints.cli.spans import seconds_of

if TYPE_CHECKING:
    from meshhook_alerts.application.acts import Acted
    from meshhook_alerts.bootstrap import Service
    from meshhook_alerts.domain.life import ActKind

alerts = typer.Typer(help="Alerts: look at them, and act on them.", no_args_is_help=True)

Project = Annotated[str | None, typer.Option(help="Id of a project; left out: all of them.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON for programs.")]
Ids = Annotated[list[str], typer.Argument(help="Ids, or their first 6 letters or more.")]
Note = Annotated[str | None, typer.Option(help="For the people who read the alert after you.")]
_OPEN = ["firing", "acknowledged", "snoozed"]


@alerts.command("list")
def list_(
    project: Project = None,
    state: Annotated[list[str], typer.Option(help="firing, acknowledged, snoozed or resolved; may be given again. Left out: all but resolved.")] = [],  # noqa: B006
    severity: Annotated[list[str], typer.Option(help="info, warning, error or critical; may be given again.")] = [],  # noqa: B006
    workflow: Annotated[str | None, typer.Option(help="Slug.")] = None,
    text: Annotated[str | None, typer.Option(help="In workflow, node, kind or error.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=200, help="Alerts at most.")] = 50,
    as_json: AsJson = False,
) -> None:  # fmt: skip
    """Open alerts, the latest failure first."""

    async def work() -> None:
        from meshhook_alerts.application.operator import OPERATOR
        from meshhook_alerts.application.read_alerts import AlertFilter, Page

        wanted = AlertFilter(
            id_of(project) if project else None, tuple(state or _OPEN), tuple(severity), (), workflow, text
        )  # fmt: skip
        async with opened() as service:
            found = await service.alert_reader.alerts(OPERATOR, wanted, Page(limit + 1))
        if as_json:
            typer.echo(json.dumps([*found[:limit]], indent=2, default=str))
            return
        for row in found[:limit]:
            typer.echo(line_of(row))
        if not found:
            typer.echo("no open alert" if not state else "none")
        if len(found) > limit:
            typer.echo("and more; --limit shows up to 200, --text and --workflow narrow it down")

    with guarded():
        run(work())


@alerts.command("show")
def show(alert: Annotated[str, typer.Argument(help="Id, or its first 6 letters or more.")], as_json: AsJson = False) -> None:  # fmt: skip
    """One alert: what it is, who knows of it, and what happened."""

    async def work() -> None:
        from meshhook_alerts.application.operator import OPERATOR

        async with opened() as service:
            (id_,) = await _ids(service, [alert])
            found = await service.alert_reader.one(OPERATOR, id_)
        if found is None:
            fail(f"no alert is called {alert}", WRONG)
        if as_json:
            typer.echo(json.dumps(found, indent=2, default=str))
        else:
            show_whole(found)

    with guarded():
        run(work())


@alerts.command("ack")
def ack(ids: Ids, for_: Annotated[str | None, typer.Option("--for", help="How long: 30m, 2h, 1d; left out: as the settings say.")] = None, note: Note = None, as_json: AsJson = False) -> None:  # fmt: skip
    """Take alerts in hand: nobody is reminded of them until that expires."""
    from meshhook_alerts.application.acts import AcknowledgeRequest
    from meshhook_alerts.domain.life import ActKind

    _act(
        ActKind.ACKNOWLEDGE,
        ids,
        AcknowledgeRequest,
        as_json=as_json,
        note=note,
        for_seconds=seconds_of(for_),
    )


@alerts.command("snooze")
def snooze(
    ids: Ids,
    for_: Annotated[str | None, typer.Option("--for", help="How long: 30m, 2h, 1d.")] = None,
    until_changed: Annotated[bool, typer.Option("--until-changed", help="Until it looks different.")] = False,
    failures: Annotated[int | None, typer.Option(help="Until it has failed so many times more.")] = None,
    note: Note = None,
    as_json: AsJson = False,
) -> None:  # fmt: skip
    """Say nothing more of alerts for a while; the first of what is given ends it."""
    from meshhook_alerts.application.acts import SnoozeRequest
    from meshhook_alerts.domain.life import ActKind

    wanted = {"for_seconds": seconds_of(for_), "until_changed": until_changed, "failures": failures}
    _act(ActKind.SNOOZE, ids, SnoozeRequest, as_json=as_json, note=note, **wanted)


@alerts.command("resolve")
def resolve(ids: Ids, note: Note = None, as_json: AsJson = False) -> None:
    """Close alerts by hand; whoever was told of them is told so."""
    from meshhook_alerts.application.acts import ActRequest
    from meshhook_alerts.domain.life import ActKind

    _act(ActKind.RESOLVE, ids, ActRequest, as_json=as_json, note=note)


@alerts.command("reopen")
def reopen(ids: Ids, note: Note = None, as_json: AsJson = False) -> None:
    """Open alerts again that were closed, or give back those that were taken in hand."""
    from meshhook_alerts.application.acts import ActRequest
    from meshhook_alerts.domain.life import ActKind

    _act(ActKind.REOPEN, ids, ActRequest, as_json=as_json, note=note)


def _act(kind: ActKind, ids: Sequence[str], model: Any, *, as_json: bool, **wanted: Any) -> None:
    async def work() -> bool:
        from pydantic import ValidationError

        from meshhook_alerts.application.act_words import sentence
        from meshhook_alerts.application.operator import OPERATOR
        from meshhook_alerts.domain.life import Outcome

        try:
            request = model.model_validate(wanted)
        except ValidationError as problem:
            fail("\n".join(_wrong(each) for each in problem.errors()))
        async with opened() as service:
            found = await _ids(service, ids)
            who = f"{getpass.getuser()} (command line)"
            done = await service.acts(kind, found, request, OPERATOR, via="cli", by_name=who)
        if as_json:
            typer.echo(json.dumps([_answer(id_, done.get(id_)) for id_ in found], indent=2))
        well = True
        for id_ in found:
            acted = done.get(id_)
            said = sentence(kind, acted) if acted else "It was taken, and is not decided yet."
            if not as_json:
                typer.echo(f"{str(id_)[:8]}  {said}")
            well = well and (acted is None or acted.outcome in (Outcome.DONE, Outcome.ALREADY))
        return well

    with guarded():
        if not run(work()):
            raise typer.Exit(WRONG)


def _answer(id_: UUID, acted: Acted | None) -> dict[str, Any]:
    return {
        "alert_id": str(id_),
        "outcome": acted.outcome if acted else "waiting",
        "status": acted.status if acted else None,
        "by": acted.by if acted else None,
        "until": acted.until.isoformat() if acted and acted.until else None,
    }


def _wrong(error: Mapping[str, Any]) -> str:
    place = ".".join(map(str, error["loc"]))
    option = {"for_seconds": "--for", "failures": "--failures"}.get(place, place)
    message = str(error["msg"]).removeprefix("Value error, ")
    return (
        f"{option}: {message}" if option else "say until when: --for, --until-changed or --failures"
    )


async def _ids(service: Service, given: Sequence[str]) -> list[UUID]:
    """Whole ids, or the alerts whose ids begin so: of the latest 200."""
    from meshhook_alerts.application.operator import OPERATOR
    from meshhook_alerts.application.read_alerts import AlertFilter, Page

    known: list[UUID] | None = None
    found = []
    for text in given:
        try:
            found.append(UUID(text))
            continue
        except ValueError:
            if len(text) < 6:
                fail(f"{text!r} is no alert's id, nor the first 6 letters of one")
        if known is None:
            rows = await service.alert_reader.alerts(OPERATOR, AlertFilter(), Page(200))
            known = [row["id"] for row in rows]
        fitting = [id_ for id_ in known if str(id_).startswith(text.lower())]
        if len(fitting) != 1:
            what = "several begin" if fitting else "none of the latest 200 begins"
            fail(
                f"{text!r}: {what} with that; `meshhook-alerts alerts list --json` has whole ids",
                WRONG,
            )
        found += fitting
    return found
