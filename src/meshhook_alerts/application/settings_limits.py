"""How much a project's settings may ask for at once: what one failure would cost, not how long a
document is."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from pydantic import ValidationError

from meshhook_alerts.application.problems import InvalidField
from meshhook_alerts.application.settings_document import SettingsDocument
from meshhook_alerts.application.settings_ports import StoredSettings
from meshhook_alerts.domain.policy import (
    PATTERN_LIMIT,
    PRODUCT_DEFAULTS,
    TARGET_LIMIT,
    EffectiveSettings,
    Layer,
    lay_over,
)


def beyond_limits(
    slug: str | None, document: SettingsDocument, stored: StoredSettings, channels: int
) -> list[InvalidField]:
    """What is too much, were ``document`` saved for ``slug`` beside what is ``stored``, with so many
    channels in the project."""
    layers = {place: _layer(each) for place, each in stored.documents.items()}
    layers[slug] = document.layer()
    pointer = "/rules" if document.rules else "/channels"
    found = (
        InvalidField(pointer, f"{what} ({place})")
        for place, settings in _all_settings(layers)
        for what in _too_much(settings, channels)
    )
    return list(found)[:1]


def _all_settings(layers: Mapping[str | None, Layer]) -> Iterator[tuple[str, EffectiveSettings]]:
    project = lay_over(PRODUCT_DEFAULTS, layers.get(None, Layer()), "project")
    yield "for the whole project", project
    for slug, layer in layers.items():
        if slug is not None:
            yield f"for the workflow {slug!r}", lay_over(project, layer, "workflow")


def _too_much(settings: EffectiveSettings, channels: int) -> Iterator[str]:
    patterns, targets = settings.weight(channels)
    if patterns > PATTERN_LIMIT:
        yield (
            f"{patterns:,} patterns in all rules together are too many; at most {PATTERN_LIMIT:,},"
            " since every failure is held against each"
        )
    if targets > TARGET_LIMIT:
        yield (
            f"the rules name {targets:,} channels altogether, so one failure could lead to as many"
            f" messages; at most {TARGET_LIMIT:,} (a rule that names none means all)"
        )


def _layer(document: Mapping[str, Any]) -> Layer:
    try:
        return SettingsDocument.model_validate(document).layer()
    except ValidationError:  # counts as empty wherever it is read
        return Layer()
