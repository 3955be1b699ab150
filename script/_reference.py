"""Reference pages made from the code. `script/reference` writes them; a test compares them."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from importlib.metadata import distribution
from pathlib import Path

from meshhook_alerts.adapters.http_client import GuardedHttpClient
from meshhook_alerts.adapters.outbound_guard import AddressGuard
from meshhook_alerts.adapters.postgres.database import Database, parse_address
from meshhook_alerts.adapters.secret_box import AesSecretBox, generate_key
from meshhook_alerts.application.channel_document import is_secret
from meshhook_alerts.application.ports import ChannelPlugin
from meshhook_alerts.bootstrap import DatabaseClock, Service, SystemClock
from meshhook_alerts.bootstrap.service import Tools
from meshhook_alerts.channels import GROUP, help_of, installed_channels
from meshhook_alerts.domain.error_class import ERROR_CLASSES
from meshhook_alerts.domain.kinds import KINDS, Kind
from meshhook_alerts.domain.reasons import Reason
from meshhook_alerts.domain.severity import Criticality, severity_of
from meshhook_alerts.entrypoints.api import create_app
from meshhook_alerts.settings import Settings, variable

FOLDER = Path(__file__).parents[1] / "docs" / "reference"


def pages() -> dict[str, str]:
    """File name → text."""
    made = {
        "settings.md": _settings(),
        "kinds.md": _kinds(),
        "reasons.md": _reasons(),
        "channels.md": _channels(),
    }
    texts = {name: "\n".join(lines) + "\n" for name, lines in made.items()}
    return texts | {"openapi.json": _openapi()}


def _openapi() -> str:
    """The API's specification, with our own kinds of channel, whatever else is installed here."""
    ours = {each.name for each in distribution("meshhook-alerts").entry_points.select(group=GROUP)}
    channels = {kind: each for kind, each in installed_channels().items() if kind in ours}
    guard = AddressGuard()
    service = Service(
        Settings(), Database(parse_address("postgresql://nobody@localhost/none")), channels,
        Tools(guard, GuardedHttpClient(guard), None, SystemClock()), AesSecretBox.from_text(generate_key("reference")),
        "reference", DatabaseClock(),
    )  # fmt: skip
    specification = create_app(service, "reference " * 4).openapi()
    return json.dumps(specification, indent=1, ensure_ascii=False, sort_keys=True) + "\n"


def _settings() -> Iterator[str]:
    yield "# Settings\n"
    yield "Read once, at the start, from the environment. For a secret in a file, name the file in the"
    yield "same variable with `_FILE` at its end.\n"
    yield "| Variable | Default | Meaning |"
    yield "|---|---|---|"
    for name, field in Settings.model_fields.items():
        default = "" if field.default in (None, ()) else f"`{field.default}`"
        example = f" Example: `{field.examples[0]}`" if field.examples else ""
        yield f"| `{variable(name)}` | {default} | {field.description}{example} |"


def _kinds() -> Iterator[str]:
    yield "# Failure kinds\n"
    yield "What each detection rule finds. *Transient* heals by itself, *terminal* needs a person,"
    yield "*hazard* is wrong without stopping the run, *platform* concerns MeshHook as a whole."
    yield "A terminal failure is *critical*: the run cannot complete; it decides which alert its run"
    yield 'belongs to. Switch rules with `detect` in the settings, e.g. `{"detect": {"retrying": true}}`.\n'
    yield "| Kind | Rule | Class | Severity | On | What happened | Evidence | Thresholds |"
    yield "|---|---|---|---|---|---|---|---|"
    for kind in KINDS.values():
        yield _kind(kind)
    yield "\n## Error classes\n"
    yield "Worked out from the error's text and HTTP status; each comes with a hint.\n"
    yield "| Class | A retry can help | What to try first |"
    yield "|---|---|---|"
    for each in ERROR_CLASSES.values():
        yield f"| `{each.name}` | {'yes' if each.heals else 'no'} | {each.hint} |"


def _kind(kind: Kind) -> str:
    severity = severity_of(kind.failure_class, Criticality.NORMAL)
    critical = ", critical" if kind.critical else ""
    thresholds = ", ".join(f"`{name}`" for name in kind.thresholds)
    cells = (
        f"`{kind.name}`", kind.rule, f"{kind.failure_class}{critical}", kind.severity or severity,
        "yes" if kind.default_on else "no", kind.title, kind.evidence, thresholds,
    )  # fmt: skip
    return f"| {' | '.join(cells)} |"


def _reasons() -> Iterator[str]:
    yield "# Reasons in the ledger\n"
    yield "Every failure ends in at least one row of `alert_logs` with one of these.\n"
    yield "| Reason | Effect | Meaning |"
    yield "|---|---|---|"
    for reason in Reason:
        yield f"| `{reason}` | {reason.effect} | {reason.sentence} |"


def _channels() -> Iterator[str]:
    ours = {
        each.name: each.load()
        for each in distribution("meshhook-alerts").entry_points.select(group=GROUP)
    }
    yield "# Kinds of channel\n"
    yield "What each needs, how to set it up, and what a message looks like. Secrets are stored encrypted and never shown"
    yield "again. Pictures are drawn from the very message that was sent to the stand-in of the contract suite, not taken"
    yield "in the provider's program. Another package's kinds are listed by `meshhook-alerts channels kinds`.\n"
    yield " · ".join(f"[{plugin.title}](#{kind})" for kind, plugin in sorted(ours.items())) + "\n"
    for kind, plugin in sorted(ours.items()):
        yield from _channel(kind, plugin)


def _channel(kind: str, plugin: ChannelPlugin) -> Iterator[str]:
    yield f'<a id="{kind}"></a>\n\n## {plugin.title}\n'
    picture = FOLDER.parent / "images" / f"channel-{kind}.png"
    if picture.exists():
        yield f"![What a message looks like: a new trouble, and its end](../images/{picture.name})\n"
    yield f"Kind: `{kind}`\n"
    yield "| Field | Needed | Secret | Meaning |"
    yield "|---|---|---|---|"
    schema = plugin.config_model.model_json_schema()
    for name, field in schema["properties"].items():
        needed = "yes" if name in schema.get("required", ()) else "no"
        secret = "yes" if is_secret(plugin.config_model, name) else ""
        meaning = field.get("description", "").replace("|", "\\|")
        yield f"| `{name}` | {needed} | {secret} | {meaning} |"
    _, _, text = help_of(plugin).partition("\n")
    text = re.sub(r"(?m)^(#+) ", r"#\1 ", text)
    yield f"\n### Set it up\n\n{text.strip()}\n"
    yield f"{_VERIFIED.get(kind, _BY_STAND_IN)}\n"


_BY_STAND_IN = (
    "*Checked against a stand-in that refuses what the provider's documentation says is refused; not against the"
    " provider itself.*"
)
_VERIFIED = {
    "email": "*Checked against real SMTP servers on loopback, with TLS and passwords.*",
    "webhook": "*Checked with the reference implementation of Standard Webhooks.*",
    "slack": _BY_STAND_IN[:-1] + " Every message passes the checks of Slack's own `slack_sdk`.*",
    "slack_bot": _BY_STAND_IN[:-1]
    + " Every message passes the checks of Slack's own `slack_sdk`.*",
    "teams": _BY_STAND_IN[:-1] + " Every card passes Microsoft's own `microsoft-teams-cards`.*",
    "opsgenie": _BY_STAND_IN[:-1]
    + " Every request passes the models of Atlassian's own `opsgenie-sdk`.*",
    "sms_vonage": _BY_STAND_IN[:-1]
    + " Every message passes the model of Vonage's own `vonage-sms`.*",
    "apprise": "*Checked with Apprise itself and its JSON service; its other services are Apprise's.*",
    "sms_gateway": "*Checked against a gateway of our own making.*",
}


if __name__ == "__main__":
    FOLDER.mkdir(parents=True, exist_ok=True)
    for name, text in pages().items():
        (FOLDER / name).write_text(text, "utf-8")
        print(f"wrote docs/reference/{name}")
