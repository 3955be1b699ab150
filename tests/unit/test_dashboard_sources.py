"""What the dashboard's build cannot say of its sources: texts in one place, and a field for whatever can be set."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from meshhook_alerts.application.conditions_document import ConditionsDocument
from meshhook_alerts.application.quiet_document import QuietPeriodDocument
from meshhook_alerts.application.settings_document import RuleDocument, SettingsDocument

LIB = Path(__file__).parents[2] / "dashboard" / "src" / "lib"
SCREENS = sorted(LIB.rglob("*.svelte"))
ELSEWHERE = {"rules", "rules_mode", "quiet_periods", "quiet_periods_mode"}
"""Settings that have a screen of their own."""
_SCRIPT = re.compile(r"<script.*?</script>|<style.*?</style>|<!--.*?-->", re.DOTALL)
_INSERTED = re.compile(r"\{(?:[^{}]|\{(?:[^{}]|\{[^{}]*\})*\})*\}")
_TEXT = re.compile(r">([^<>]*[A-Za-z]{2,}[^<>]*)<")
_LABEL = re.compile(r'(?:aria-label|placeholder|title|alt)="([^"]*[A-Za-z]{3,}[^"]*)"')


def markup(file: Path) -> str:
    """A component's markup without what is put in when it is shown."""
    text = _SCRIPT.sub("", file.read_text("utf-8")).replace("=>", "")
    return _INSERTED.sub("", text)


@pytest.mark.parametrize("file", SCREENS, ids=lambda file: file.stem)
def test_texts_stand_in_one_place(file: Path) -> None:
    text = markup(file)
    found = [each.strip() for each in (*_TEXT.findall(text), *_LABEL.findall(text))]
    assert [each for each in found if each and "@render" not in each] == []


def test_a_text_in_a_component_would_be_found(tmp_path: Path) -> None:
    file = tmp_path / "X.svelte"
    file.write_text(
        '<script>let a = 1;</script><p>{a} plain English</p><input placeholder="all of them" />'
    )
    text = markup(file)
    assert _TEXT.findall(text) == [" plain English"]
    assert _LABEL.findall(text) == ["all of them"]


def test_every_setting_has_a_field() -> None:
    shown = set(re.findall(r"name: '(\w+)'", (LIB / "settings.ts").read_text("utf-8")))
    there = set(SettingsDocument.model_fields) - ELSEWHERE
    assert shown == there, shown ^ there
    words = (LIB / "words.ts").read_text("utf-8")
    assert [name for name in shown if f"\t\t{name}: ['" not in words] == []


@pytest.mark.parametrize(
    ("document", "files"),
    [
        (ConditionsDocument, ["parts/Conditions.svelte"]),
        (RuleDocument, ["screens/Rules.svelte", "parts/Conditions.svelte"]),
        (QuietPeriodDocument, ["parts/QuietPeriods.svelte"]),
    ],
    ids=["conditions", "rule", "quiet period"],
)  # fmt: skip
def test_every_field_is_in_its_form(document: type, files: list[str]) -> None:
    text = "".join((LIB / file).read_text("utf-8") for file in files)
    names = [each.alias or name for name, each in document.model_fields.items()]  # type: ignore[attr-defined]
    assert [name for name in names if not re.search(rf"\b{name}\b", text)] == []
