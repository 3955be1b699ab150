"""What the import rules cannot say: which folder knows whose tables."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from meshhook_alerts.adapters.postgres import queries as ours
from meshhook_alerts.sources.meshhook import queries as meshhooks

MESHHOOKS = re.compile(
    r"\b(public\.(workflow_\w+|projects|job_tracking)|pgmq\.\w+_workflow_jobs\w*|cron\.job\w*)\b"
)
KIT = Path(str(ours.__file__)).parent / "detection"
SOURCE = Path(str(meshhooks.__file__)).parent


@pytest.mark.parametrize("file", sorted(KIT.glob("*.sql")), ids=lambda file: file.stem)
def test_the_search_kit_knows_no_engines_tables(file: Path) -> None:
    assert not MESHHOOKS.search(file.read_text("utf-8"))


@pytest.mark.parametrize(
    "file", sorted([*KIT.parent.rglob("*.sql"), *SOURCE.rglob("*.sql")]), ids=lambda file: file.stem
)
def test_a_query_says_what_it_is_for_and_is_used(file: Path) -> None:
    assert file.read_text("utf-8").startswith("-- ")
    name = f"{file.parent.name}/{file.stem}"
    package = Path(str(ours.__file__)).parents[3]
    assert any(f'"{name}"' in code.read_text("utf-8") for code in package.rglob("*.py")), name
