"""Documentation that cannot drift: links resolve, reference pages match the code."""

from __future__ import annotations

import importlib.util
import json
import re
import shutil
import subprocess
import time
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from meshhook_alerts.application.channel_document import LimitDocument
from meshhook_alerts.application.settings_document import SettingsDocument
from meshhook_alerts.channels.webhook.channel import sign
from meshhook_alerts.channels.webhook.config import new_secret

ROOT = Path(__file__).parents[2]
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
_LINK = re.compile(r"!?\[[^\]]*\]\(([^)#\s]+)[^)]*\)")


def _reference() -> ModuleType:
    spec = importlib.util.spec_from_file_location("reference", ROOT / "script" / "_reference.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_somewhere(page: Path) -> None:
    links = _LINK.findall(page.read_text("utf-8"))
    broken = [
        link for link in links if "://" not in link and not (page.parent / link).resolve().exists()
    ]
    assert not broken


def test_reference_pages_follow_from_the_code() -> None:
    for name, text in _reference().pages().items():
        assert (ROOT / "docs" / "reference" / name).read_text("utf-8") == text, (
            f"docs/reference/{name} is old: run script/reference"
        )


def test_paths_that_pages_name_exist() -> None:
    for page in PAGES:
        for path in re.findall(
            r"`((?:src|tests|supabase|script|docs)/[\w./-]+)`", page.read_text("utf-8")
        ):
            assert (ROOT / path.rstrip("/")).exists(), f"{page.name} names {path}"


_COMMAND = re.compile(
    r"(?m)(?:^|[(`|]\s*)\s*(?:\.venv/bin/)?meshhook-alerts ((?:[a-z][\w-]*|--[\w-]+)[^\n`)|]*)"
)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_command_named_in_pages_exists(page: Path) -> None:
    from typer.main import get_command

    from meshhook_alerts.entrypoints.cli import app

    for line in _COMMAND.findall(page.read_text("utf-8")):
        command: Any = get_command(app)
        for word in line.partition("#")[0].split():
            if known := getattr(command, "commands", {}):
                assert word in known or word.startswith("--"), f"{page.name}: {line}"
            if word in known:
                command = known[word]
            elif word.startswith("--"):
                options = {
                    option
                    for each in command.params
                    for option in (*each.opts, *each.secondary_opts)
                }
                assert word.partition("=")[0] in options, f"{page.name}: {line}"
        assert not getattr(command, "commands", {}) or "--" in line, f"{page.name}: {line}"


def _block(page: str, language: str) -> str:
    text = (ROOT / "docs" / "how-to" / page).read_text("utf-8")
    found = re.search(rf"```{language}\n(.*?)```", text, re.DOTALL)
    assert found, f"{page} has no {language}"
    return found[1]


def _signed() -> tuple[dict[str, str], bytes, str]:
    secret, body, now = new_secret(), b'{"type": "alert.test"}', int(time.time())
    headers = {
        "webhook-id": "msg_1",
        "webhook-timestamp": str(now),
        "webhook-signature": f"v1,AAAA {sign('msg_1', now, body, secret)}",
    }
    return headers, body, secret


def test_the_pages_python_checks_our_signatures() -> None:
    place: dict[str, Any] = {}
    exec(_block("receive-webhooks.md", "python"), place)
    headers, body, secret = _signed()
    assert place["is_ours"](headers, body, secret)
    assert not place["is_ours"](headers, body + b" ", secret)
    assert not place["is_ours"](headers, body, new_secret())
    assert not place["is_ours"](headers | {"webhook-timestamp": "1"}, body, secret)


@pytest.mark.skipif(shutil.which("node") is None, reason="needs Node to run a page's JavaScript")
def test_the_pages_javascript_checks_our_signatures(tmp_path: Path) -> None:
    headers, body, secret = _signed()
    (tmp_path / "page.mjs").write_text(_block("receive-webhooks.md", "javascript"))
    (tmp_path / "try.mjs").write_text(
        'import { isOurs } from "./page.mjs";\n'
        f"const headers = {json.dumps(headers)}, secret = {json.dumps(secret)};\n"
        f"const body = Buffer.from({json.dumps(body.decode())});\n"
        'console.log(isOurs(headers, body, secret), isOurs(headers, Buffer.from("x"), secret),'
        f" isOurs(headers, body, {json.dumps(new_secret())}));\n"
    )
    node = shutil.which("node") or ""
    ended = subprocess.run(
        [node, str(tmp_path / "try.mjs")], capture_output=True, text=True, timeout=30, check=True
    )
    assert ended.stdout.split() == ["true", "false", "false"]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_settings_in_pages_can_be_saved(page: Path) -> None:
    for block in re.findall(r"```json\n(.*?)```", page.read_text("utf-8"), re.DOTALL):
        document = json.loads(block)
        if "data" in document:
            continue  # a message, no settings
        channels = document.pop("channels", [])
        SettingsDocument.model_validate(
            {name: value for name, value in document.items() if name != "project_id"}
        )
        for channel in channels:
            for limit in channel.get("limits", []):
                LimitDocument.model_validate(limit)
