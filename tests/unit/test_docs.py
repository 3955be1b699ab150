"""Documentation that cannot drift: links resolve, reference pages match the code."""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path
from types import ModuleType

import pytest

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


def test_every_commands_named_in_pages_exists() -> None:
    from typer.main import get_command

    from meshhook_alerts.entrypoints.cli import app

    known = set(get_command(app).commands)  # type: ignore[attr-defined]
    for page in PAGES:
        for word in re.findall(
            r"(?m)^\s*(?:\.venv/bin/)?meshhook-alerts ([a-z]+)", page.read_text("utf-8")
        ):
            assert word in known, f"{page.name} names the command {word}"
