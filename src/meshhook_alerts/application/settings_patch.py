"""Settings changed in part: a patch laid over what is stored (RFC 7396), rules and channels by name.

A field that is left out stays, null takes it away. Rules and channels come as a list, each laid over
the one of its name, or as an object by name, where null removes one.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from meshhook_alerts.application.problems import InvalidField, pointer
from meshhook_alerts.application.settings_ports import StoredChannel

_DEEPEST = 8
"""Levels below which a value is replaced as a whole; settings have half as many."""
_LISTS = ("rules", "quiet_periods")
"""Parts of a document that are lists of what bears a name."""
_PLACE = frozenset({"project_id", "workflow"})


@dataclass(frozen=True, slots=True)
class Patched:
    """A patch laid over what was stored."""

    whole: dict[str, Any]
    """As a request for the whole of it; of the channels those that the patch names."""
    removed: tuple[str, ...] = ()
    """Names of channels to be deleted."""
    named: Mapping[str, Sequence[int | str]] = field(default_factory=dict)
    """``rules``, ``channels``, …: for each place in ``whole``, where the caller has it."""

    def as_sent(self, wrong: InvalidField) -> InvalidField:
        """``wrong`` with a pointer into what the caller sent, not into what it made."""
        _, part, place, *rest = [*wrong.pointer.split("/", 3), "", ""][:4]
        places = self.named.get(part, ())
        if not place.isdecimal() or int(place) >= len(places):
            return wrong
        below = f"/{rest[0]}" if rest and rest[0] else ""
        return InvalidField(pointer(part, places[int(place)]) + below, wrong.message)


def lay_over(
    stored: Mapping[str, Any], channels: Sequence[StoredChannel], patch: Mapping[str, Any]
) -> Patched:
    """``patch`` laid over a place's own document and its project's channels."""
    plain = {name: each for name, each in patch.items() if name not in (*_LISTS, "channels")}
    kept = {name: each for name, each in stored.items() if name not in _LISTS}
    whole = merge_patch(kept, plain)
    named: dict[str, Sequence[int | str]] = {}
    for part in _LISTS:
        if part not in patch:
            whole |= {part: stored[part]} if part in stored else {}
        elif patch[part] is not None:
            before = {each["name"]: each for each in stored.get(part) or ()}
            whole[part], named[part], _ = _by_name(before, patch[part], keep=True)
            if whole[part] == []:
                del whole[part]  # none of its own: what is below holds
    removed: tuple[str, ...] = ()
    if patch.get("channels") is not None:
        known = {each.name: as_written(each) for each in channels}
        secrets = {each.name: frozenset(each.secret_names) for each in channels}
        whole["channels"], named["channels"], removed = _by_name(
            known, patch["channels"], keep=False
        )
        _take_secrets_away(whole["channels"], patch["channels"], secrets)
    return Patched(whole, removed, named)


def merge_patch(target: Any, patch: Any, depth: int = 0) -> Any:
    """RFC 7396."""
    if not isinstance(patch, Mapping) or depth >= _DEEPEST:
        return patch
    merged = dict(target) if isinstance(target, Mapping) else {}
    for name, value in patch.items():
        if value is None:
            merged.pop(name, None)
        else:
            merged[name] = merge_patch(merged.get(name), value, depth + 1)
    return merged


def _by_name(
    before: Mapping[str, Mapping[str, Any]], sent: Any, *, keep: bool
) -> tuple[Any, Sequence[int | str], tuple[str, ...]]:
    """The list that results, where the caller has each of it, and the names taken away; ``keep``:
    those the caller does not name are in it, too."""
    if isinstance(sent, Mapping):
        entries = [(name, name, value) for name, value in sent.items()]
    elif isinstance(sent, list):
        entries = [(place, _name(value), value) for place, value in enumerate(sent)]
    else:
        return sent, (), ()
    gone = tuple(str(name) for _, name, value in entries if value is None and name in before)
    merged = {name: (name, value) for name, value in before.items()} if keep else {}
    odd: list[tuple[int | str, Any]] = []
    seen: set[str] = set()
    for place, name, value in entries:
        if isinstance(sent, Mapping) and value is None:
            merged.pop(str(name), None)
        elif name is None or name in seen or not isinstance(value, Mapping):
            odd.append((place, value))  # to be refused as it is
        else:
            seen.add(name)
            merged[name] = place, _laid_over(before.get(name, {}), name, value)
    result = [*merged.values(), *odd]
    return [value for _, value in result], [place for place, _ in result], gone


def _laid_over(before: Mapping[str, Any], name: str, value: Mapping[str, Any]) -> Any:
    """A rule or channel; of a channel that changes its kind the old settings are not kept."""
    if "kind" in before and value.get("kind", before["kind"]) != before["kind"]:
        before = {key: each for key, each in before.items() if key != "config"}
    return merge_patch(before, {"name": name, **value})


def _take_secrets_away(channels: Any, sent: Any, secrets: Mapping[str, frozenset[str]]) -> None:
    """A stored secret does not show in what is laid over; null still has to reach it."""
    by_name = sent if isinstance(sent, Mapping) else {_name(each): each for each in sent}
    for channel in channels:
        own = by_name.get(_name(channel)) if isinstance(channel, dict) else None
        config = own.get("config") if isinstance(own, Mapping) else None
        if isinstance(config, Mapping) and isinstance(channel.get("config"), dict):
            gone = [
                name for name in secrets.get(channel["name"], ()) if config.get(name, 0) is None
            ]
            channel["config"] |= dict.fromkeys(gone)


def _name(value: Any) -> str | None:
    name = value.get("name") if isinstance(value, Mapping) else None
    return name.strip() if isinstance(name, str) else None


def as_written(channel: StoredChannel) -> dict[str, Any]:
    """A channel as people write it, without its secrets."""
    return {
        "name": channel.name,
        "kind": channel.kind,
        "enabled": channel.enabled,
        "config": dict(channel.config),
        "limits": [dict(each) for each in channel.limits],
    }


# ---------------------------------------------------------------- what has changed


@dataclass(frozen=True, slots=True)
class Change:
    """One value before and after; None where there is none."""

    pointer: str
    before: Any
    after: Any


def changes(before: Mapping[str, Any], after: Mapping[str, Any], *path: str) -> Iterator[Change]:
    """What differs, as deep as it is told apart; rules by their names."""
    left, right = _keyed(before), _keyed(after)
    for name in sorted(left.keys() | right.keys()):
        if name in _PLACE or left.get(name) == right.get(name):
            continue
        a, b = left.get(name), right.get(name)
        if isinstance(a, Mapping) and isinstance(b, Mapping) and len(path) < _DEEPEST:
            yield from changes(a, b, *path, name)
        else:
            yield Change(pointer(*path, name), a, b)


def _keyed(document: Mapping[str, Any]) -> dict[str, Any]:
    """With its lists as objects by name."""
    keyed = dict(document)
    for part in _LISTS:
        if isinstance(found := keyed.get(part), list):
            keyed[part] = {each["name"]: each for each in found}
    return keyed


def channels_of(channels: Sequence[StoredChannel]) -> dict[str, Any]:
    """Channels by name, as ``changes`` compares them; a secret shows as one that is set."""
    return {
        each.name: as_written(each) | {"secrets": dict.fromkeys(each.secret_names, "set")}
        for each in channels
    }
