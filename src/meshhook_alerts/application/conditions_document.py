"""Conditions as people and programs write them."""

from __future__ import annotations

import re
from typing import Annotated, Any, Self

import re2
from pydantic import (
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
    field_validator,
    model_validator,
)

from meshhook_alerts.application.detection_document import Strict
from meshhook_alerts.domain.conditions import Conditions
from meshhook_alerts.domain.error_class import ERROR_CLASSES
from meshhook_alerts.domain.kinds import KINDS
from meshhook_alerts.domain.severity import Criticality, FailureClass, Severity

Pattern = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)]
_RANGE = re.compile(r"(\d{3})-(\d{3})|([1-5])xx")
_SILENT = re2.Options()
_SILENT.log_errors = False  # what is wrong is answered, and no matter for the log
_DEEPEST = 3
"""Levels of conditions within conditions."""


def _status(value: Any) -> Any:
    """A status or a range of them, as a text."""
    text = str(value) if isinstance(value, int) and not isinstance(value, bool) else value
    if not isinstance(text, str) or not (_RANGE.fullmatch(text) or re.fullmatch(r"\d{3}", text)):
        raise ValueError("a status such as 503, or a range such as 500-599 or 5xx")
    low, high = _bounds(text)
    if not 100 <= low <= high <= 599:
        raise ValueError(f"{text}: statuses go from 100 to 599, the lower one first")
    return text


def _bounds(text: str) -> tuple[int, int]:
    found = _RANGE.fullmatch(text)
    if found is None:
        return int(text), int(text)
    if found[3]:
        return int(found[3]) * 100, int(found[3]) * 100 + 99
    return int(found[1]), int(found[2])


Status = Annotated[str, BeforeValidator(_status)]


class ConditionsDocument(Strict):
    """Which failures are meant; what is left out agrees with all."""

    model_config = ConfigDict(extra="forbid", populate_by_name=True, serialize_by_alias=True)

    kinds: list[str] = Field(default=[], max_length=50, description="Failure kinds, see the reference.")  # fmt: skip
    classes: list[FailureClass] = Field(default=[], max_length=4, description="transient, terminal, hazard, platform.")  # fmt: skip
    minimum_severity: Severity = Field(default=Severity.INFO, description="This severity and louder.")  # fmt: skip
    criticality: list[Criticality] = Field(default=[], max_length=4, description="Of the workflow: low, normal, high, critical.")  # fmt: skip
    workflows: list[Pattern] = Field(default=[], max_length=100, description="Slugs, or patterns with * and ?.")  # fmt: skip
    nodes: list[Pattern] = Field(default=[], max_length=100, description="Node ids, or patterns with * and ?.")  # fmt: skip
    node_types: list[Pattern] = Field(default=[], max_length=50, description="Node types, or patterns with * and ?.")  # fmt: skip
    http_status: list[Status] = Field(default=[], max_length=50, description="Statuses or ranges: 503, 500-599, 5xx.")  # fmt: skip
    error_classes: list[str] = Field(default=[], max_length=20, description="Classes of errors, see the reference.")  # fmt: skip
    error_matches: str | None = Field(default=None, min_length=1, max_length=500, description="Regular expression (RE2), found in the error text with ids and numbers as <id> and <n>.")  # fmt: skip
    labels: dict[str, Pattern] = Field(default={}, max_length=10, description="Label: value, or pattern with * and ?; all of them.")  # fmt: skip
    all_of: list[ConditionsDocument] = Field(default=[], alias="all", max_length=20, description="All of these, too.")  # fmt: skip
    any_of: list[ConditionsDocument] = Field(default=[], alias="any", max_length=20, description="At least one of these.")  # fmt: skip
    none_of: ConditionsDocument | None = Field(default=None, alias="not", description="Not this: all but.")  # fmt: skip

    @field_validator("kinds")
    @classmethod
    def _known(cls, kinds: list[str]) -> list[str]:
        return _all_known(kinds, KINDS)

    @field_validator("error_classes")
    @classmethod
    def _known_errors(cls, classes: list[str]) -> list[str]:
        return _all_known(classes, ERROR_CLASSES)

    @field_validator("error_matches")
    @classmethod
    def _an_expression(cls, expression: str | None) -> str | None:
        if expression is not None:
            try:
                re2.compile(expression, _SILENT)
            except re2.error as problem:
                why = problem.args[0] if problem.args else problem
                said = why.decode("utf-8", "replace") if isinstance(why, bytes) else why
                raise ValueError(
                    f"no regular expression that takes linear time (RE2): {said}"
                ) from None
        return expression

    @model_validator(mode="after")
    def _not_too_deep(self) -> Self:
        if self.depth() > _DEEPEST:
            raise ValueError(f"conditions within conditions may go {_DEEPEST} levels deep")
        return self

    def depth(self) -> int:
        """Levels of conditions within."""
        within = [*self.all_of, *self.any_of, *([self.none_of] if self.none_of else [])]
        return 1 + max((each.depth() for each in within), default=-1) if within else 0

    def conditions(self) -> Conditions:
        """In the engine's words."""
        return Conditions(
            kinds=frozenset(self.kinds),
            classes=frozenset(self.classes),
            minimum_severity=self.minimum_severity,
            criticality=frozenset(self.criticality),
            workflows=tuple(self.workflows),
            nodes=tuple(self.nodes),
            node_types=tuple(self.node_types),
            http_status=tuple(_bounds(each) for each in self.http_status),
            error_classes=frozenset(self.error_classes),
            error_matches=self.error_matches,
            labels=dict(self.labels),
            all_of=tuple(each.conditions() for each in self.all_of),
            any_of=tuple(each.conditions() for each in self.any_of),
            none_of=(self.none_of.conditions(),) if self.none_of else (),
        )

    @classmethod
    def of(cls, conditions: Conditions) -> ConditionsDocument:
        """The other way round."""
        return cls(
            kinds=sorted(conditions.kinds),
            classes=sorted(conditions.classes),
            minimum_severity=conditions.minimum_severity,
            criticality=sorted(conditions.criticality),
            workflows=list(conditions.workflows),
            nodes=list(conditions.nodes),
            node_types=list(conditions.node_types),
            http_status=[
                str(low) if low == high else f"{low}-{high}" for low, high in conditions.http_status
            ],
            error_classes=sorted(conditions.error_classes),
            error_matches=conditions.error_matches,
            labels=dict(conditions.labels),
            all_of=[cls.of(each) for each in conditions.all_of],
            any_of=[cls.of(each) for each in conditions.any_of],
            none_of=cls.of(conditions.none_of[0]) if conditions.none_of else None,
        )


def _all_known(names: list[str], known: Any) -> list[str]:
    unknown = sorted(set(names) - set(known))
    if unknown:
        raise ValueError(f"unknown: {', '.join(unknown)}; known are {', '.join(sorted(known))}")
    return names
