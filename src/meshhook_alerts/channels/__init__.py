"""How notifications leave: every installed kind of channel, ours and third parties'.

A channel is a folder here, or another package, and one line in the entry-point group
``meshhook_alerts.channels``: ``kind = "package:CHANNEL"``.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from importlib.metadata import EntryPoint, entry_points
from importlib.resources import files

from pydantic import BaseModel

from meshhook_alerts.application.ports import ChannelPlugin
from meshhook_alerts.channels.unavailable import NotInstalled
from meshhook_alerts.channels.wording import view_of
from meshhook_alerts.domain.message import Content

GROUP = "meshhook_alerts.channels"
"""The entry-point group that plug-ins are found in."""

_OURS = "meshhook-alerts"
_log = logging.getLogger(__name__)


def installed_channels() -> dict[str, ChannelPlugin]:
    """Every usable kind of channel, by kind. One that cannot be loaded is left out with a warning:
    a broken plug-in must not silence the others. Of two with the same kind ours wins."""
    found: dict[str, ChannelPlugin] = {}
    for entry in sorted(entry_points(group=GROUP), key=_ours_first):
        plugin = _load(entry)
        if plugin is None:
            continue
        if plugin.kind in found:
            _log.warning("channel %s left out: its kind %s is taken", entry.value, plugin.kind)
        else:
            found[plugin.kind] = plugin
    return found


def subject_of(content: Content) -> str:
    """One line that stands for a message, whatever the channel."""
    return view_of(content).subject


def mirroring(channels: Mapping[str, ChannelPlugin]) -> frozenset[str]:
    """Kinds that keep an incident of their own for each alert: those with ``mirrors = True``."""
    return frozenset(
        kind for kind, each in channels.items() if getattr(each, "mirrors", False) is True
    )


def help_of(plugin: ChannelPlugin) -> str:
    """The plug-in's ``help.md`` (Markdown): how to set the channel up. Empty if it brings none."""
    package = type(plugin).__module__.rpartition(".")[0] or type(plugin).__module__
    try:
        return files(package).joinpath("help.md").read_text("utf-8")
    except (OSError, ImportError, TypeError):
        return ""


def _ours_first(entry: EntryPoint) -> tuple[bool, str]:
    return entry.dist is None or entry.dist.name != _OURS, entry.name


def _load(entry: EntryPoint) -> ChannelPlugin | None:
    try:
        loaded = entry.load()
        return _checked(loaded() if isinstance(loaded, type) else loaded)
    except NotInstalled as missing:
        _log.debug("channel %s left out: %s", entry.value, missing)
        return None
    except Exception as problem:
        _log.warning("channel %s left out: %s: %s", entry.value, type(problem).__name__, problem)
        return None


def _checked(plugin: ChannelPlugin) -> ChannelPlugin:
    """``plugin`` if it has what the port asks for; raises ``TypeError`` otherwise."""
    if not (isinstance(plugin.kind, str) and plugin.kind and isinstance(plugin.title, str)):
        raise TypeError("kind and title must be texts")
    if not issubclass(plugin.config_model, BaseModel):
        raise TypeError("config_model must be a pydantic model")
    if not callable(plugin.send):
        raise TypeError("send must be a method")
    return plugin
