"""Doctor says in plain words what is missing, and its advice works."""

from __future__ import annotations

import json
from urllib.parse import urlsplit
from uuid import uuid4

import pytest

from meshhook_alerts.adapters.postgres.doctor import Finding, examine
from meshhook_alerts.adapters.postgres.migrations import migrate
from tests.commands import command, environment, invoke
from tests.databases import Role, connect, create_role, drop_role, execute
from tests.installing import MIGRATIONS
from tests.line import World, a_receiver, a_service, at_work, eventually
from tests.mail_server import Post, running

pytestmark = pytest.mark.postgres


async def findings(url: str) -> list[Finding]:
    kinds = frozenset({"email", "webhook"})
    return [finding async for finding in examine(url, kinds=kinds)]


def is_wrong(found: Finding) -> bool:
    """Whether it is, but for the worker that most of these tests have none of."""
    return found.level == "wrong" and "none at work" not in found.what


async def wrong(url: str, subject: str) -> Finding:
    """The one thing wrong with a subject; nothing else is."""
    (found,) = [each for each in await findings(url) if is_wrong(each)]
    assert found.subject == subject
    return found


async def test_all_is_well_is_said_too(world: World) -> None:
    operator = {"operator_email": "ops@example.com"}
    async with a_service(world.url, **operator) as service, at_work(service):

        async def well() -> bool:
            return {each.level for each in await findings(world.url)} == {"ok"}

        await eventually(well)
    subjects = {each.subject for each in await findings(world.url)}
    assert subjects == {
        "server", "database", "MeshHook", "our tables", "queue", "roles", "detection", "secrets", "workers", "backlog",
        "operator", "deliveries", "channels", "partitions",
    }  # fmt: skip


async def test_an_empty_database_is_no_meshhook_and_has_nothing_of_ours(database_url: str) -> None:
    found = {each.subject: each for each in await findings(database_url) if is_wrong(each)}
    assert found.keys() == {"MeshHook", "our tables", "queue"}
    assert (
        "projects, workflow_definitions, workflow_runs, workflow_events" in found["MeshHook"].what
    )
    assert "meshhook-alerts migrate" in (found["our tables"].mend or "")


async def test_tables_that_somebody_removed_come_back_as_advised(world: World) -> None:
    await execute(world.url, "drop table public.alert_logs, meshhook_alerts.signals")
    found = [each for each in await findings(world.url) if is_wrong(each)]
    lost = next(each for each in found if each.subject == "our tables")
    assert "meshhook_alerts.signals, public.alert_logs" in lost.what
    await execute(world.url, (lost.mend or "").split("; then run")[0])
    async with await connect(world.url) as connection:
        await migrate(connection)
    assert not [each for each in await findings(world.url) if is_wrong(each)]
    await world.fail()
    assert await world.value("select count(*) from meshhook_alerts.signals") == 1


@pytest.mark.parametrize("table", ["workflow_events", "workflow_runs", "job_tracking"])
async def test_a_trigger_switched_off_is_switched_on_as_advised(world: World, table: str) -> None:
    await execute(world.url, f"alter table {table} disable trigger user")
    found = await wrong(world.url, "detection")
    assert found.what == f"the trigger on {table} is switched off"
    await execute(world.url, found.mend or "")
    assert not [each for each in await findings(world.url) if is_wrong(each)]


async def test_a_trigger_switched_off_on_one_partition_is_seen(world: World) -> None:
    await execute(
        world.url,
        "do $$ begin execute format('alter table %s disable trigger meshhook_alerts_step_failed',"
        " (select max(inhrelid)::regclass from pg_inherits where inhparent = 'workflow_events'::regclass)); end $$",
    )
    await execute(world.url, (await wrong(world.url, "detection")).mend or "")
    assert not [each for each in await findings(world.url) if is_wrong(each)]


async def test_secrets_laid_open_are_closed_as_advised(world: World) -> None:
    await execute(world.url, "grant all on all tables in schema public to authenticated")
    found = await wrong(world.url, "secrets")
    assert found.what == "authenticated may read alert_channels.secrets"
    await execute(world.url, *(found.mend or "").split("; then")[0].split(";"))
    async with await connect(world.url) as connection:
        await migrate(connection)
    assert not [each for each in await findings(world.url) if is_wrong(each)]


async def test_a_backlog_is_counted_and_aged(world: World) -> None:
    await world.fail()
    assert not [each for each in await findings(world.url) if is_wrong(each)]
    await world.execute("update meshhook_alerts.signals set noticed_at = now() - interval '90 s'")
    found = await wrong(world.url, "backlog")
    assert found.what.startswith("1 signals undecided, the oldest for 9")


async def test_a_missing_queue_is_made_again_as_advised(world: World) -> None:
    await execute(world.url, "select pgmq.drop_queue('meshhook_alerts')")
    found = await wrong(world.url, "queue")
    await execute(world.url, (found.mend or "").split("; then")[0])
    async with await connect(world.url) as connection:
        await migrate(connection)
    assert not [each for each in await findings(world.url) if is_wrong(each)]


async def test_a_role_that_may_see_nothing_gets_advice_and_no_error(
    world: World, postgres_server: str
) -> None:
    loner = Role(f"loner_{uuid4().hex[:8]}", "secret")
    create_role(postgres_server, loner)
    found = {each.subject: each for each in await findings(loner.url(world.url)) if is_wrong(each)}
    drop_role(postgres_server, loner)
    assert found.keys() == {"MeshHook", "our tables", "queue", "roles"}
    assert found["our tables"].what == "permission denied for schema meshhook_alerts"
    assert f'grant anon, authenticated, service_role to "{loner.name}"' in (
        found["roles"].mend or ""
    )


def changed(url: str, **parts: str) -> str:
    split = urlsplit(url)
    place = f"{parts.get('user', split.username)}:{parts.get('password', split.password)}"
    place += f"@{parts.get('host', split.hostname)}:{parts.get('port', split.port)}"
    return split._replace(netloc=place, path=f"/{parts.get('database', 'postgres')}").geturl()


UNREACHABLE: dict[str, tuple[dict[str, str], str, str]] = {
    "port": ({"port": "1"}, "refused", "Nothing listens there"),
    "password": ({"password": "wrong"}, "password authentication failed", "password"),
    "user": ({"user": "nobody_here"}, "authentication failed", "user"),
    "database": ({"database": "no_such"}, 'database "no_such" does not exist', "MeshHook's own database"),
    "host": ({"host": "no-such-host.invalid"}, "resol", "percent-encoded"),
}  # fmt: skip


@pytest.mark.parametrize("case", UNREACHABLE)
async def test_each_way_not_to_get_in_has_advice_of_its_own(
    postgres_server: str, case: str
) -> None:
    parts, what, mend = UNREACHABLE[case]
    (found, *more) = await findings(changed(postgres_server, **parts))
    if more or ("does not exist" in found.what and case == "user"):
        pytest.skip("this server asks nobody for a password")
    assert (found.level, found.subject) == ("wrong", "database")
    assert what in found.what
    assert mend in (found.mend or "")
    assert str(urlsplit(postgres_server).password) not in found.what


def test_the_command_prints_words_or_json_and_ends_with_1_if_something_is_wrong(
    line_url: str, database_url: str
) -> None:
    well = invoke("doctor", env=environment(DATABASE_URL=line_url))
    assert (well.code, well.err) == (1, "")  # for want of a worker alone
    assert well.said.count("✗") == 1
    assert "✗ workers: none at work" in well.said
    assert "✓ detection: workflow_runs carries our trigger" in well.said
    ill = invoke("doctor", env=environment(DATABASE_URL=database_url))
    assert ill.code == 1
    assert f"✗ our tables: {MIGRATIONS} migration(s) not applied" in ill.said
    assert "  → Run `meshhook-alerts migrate`." in ill.said
    as_json = invoke("doctor", "--json", env=environment(DATABASE_URL=database_url))
    assert (as_json.code, as_json.err) == (1, "")
    found = json.loads(as_json.out)
    assert {each["level"] for each in found} <= {"ok", "note", "wrong"}
    assert all(each.keys() == {"level", "subject", "what", "mend"} for each in found)


async def test_the_command_without_a_database_says_why(postgres_server: str) -> None:
    refused = changed(postgres_server, port="1")
    ended = await command("doctor", "--json", env=environment(DATABASE_URL=refused))
    assert ended.code == 1
    assert "refused" in json.loads(ended.said)[0]["what"]


async def test_what_is_in_the_way_of_messages_is_named(world: World) -> None:
    async with a_receiver() as receiver, a_service(world.url) as service:
        await world.hook(service, receiver)
        receiver.answers = [410, 401]
        async with at_work(service):
            await world.fail()
            await world.until("select count(*) = 1 from meshhook_alerts.channel_health")
            found = await wrong(world.url, "deliveries")
            assert "channel 'hook' (webhook, Shop) takes no messages" in found.what
            assert "HTTP 410" in found.what
            assert "channels test 'hook'" in (found.mend or "")
            view = await service.read_settings(world.project_id, None, world.caller)
            assert "HTTP 410" in (view.stored.channels[0].trouble or "")
    await world.execute("update public.alert_channels set kind = 'pigeon'")
    said = [each.what for each in await findings(world.url) if each.subject == "channels"]
    assert said == [
        "1 channel(s) are of kind 'pigeon', which is installed neither here nor at a worker that is alive"
    ]


@pytest.mark.parametrize(
    ("server", "said"),
    [
        ("smtp://127.0.0.1:{port}", "offers no STARTTLS"),
        ("smtp+plain://127.0.0.1:1", "connection refused"),
        ("smtp+plain://127.0.0.1:{port}", "takes messages from"),
        ("smtp+plain://who:is-it@127.0.0.1:{port}", "takes no password"),
        (None, "none is set here"),
    ],
)
async def test_the_mail_server_is_asked_and_gets_no_message(
    line_url: str, server: str | None, said: str
) -> None:
    post = Post()
    async with running(post):
        port = post.port
        url = server.format(port=port) if server else None
        asked = environment(DATABASE_URL=line_url, MESHHOOK_ALERTS_SMTP_URL=url)
        ended = await command("doctor", env=asked)
    assert said in ended.said
    assert "is-it" not in ended.said + ended.err
    assert not post.messages


async def test_a_sender_the_mail_server_refuses_is_named(line_url: str) -> None:
    class Strict(Post):
        async def handle_MAIL(self, *_: object) -> str:  # noqa: N802 - the library's name
            return "553 5.7.1 Sender not owned"

    strict = Strict()
    async with running(strict):
        asked = environment(
            DATABASE_URL=line_url, MESHHOOK_ALERTS_SMTP_URL=f"smtp+plain://127.0.0.1:{strict.port}"
        )
        ended = await command("doctor", env=asked)
    assert "✗ mail server: " in ended.said
    assert "553" in ended.said


async def test_workers_that_are_gone_leave_nothing_behind(world: World) -> None:
    await world.execute(
        "insert into public.alert_health (part, state, updated_at) values"
        " ('worker:old:1', 'working', now() - interval '20 minutes'),"
        " ('recording:old:1', 'troubled', now() - interval '20 minutes'),"
        " ('worker:young:2', 'working', now() - interval '1 minute')"
    )
    async with a_service(world.url) as service, at_work(service):
        await world.until("select count(*) = 0 from public.alert_health where part like '%%:old:1'")
    parts = await world.rows(
        "select part from public.alert_health where part like 'worker:%%' order by 1"
    )
    assert [row["part"].partition(":")[2].split(":")[0] for row in parts][-1] == "young"
