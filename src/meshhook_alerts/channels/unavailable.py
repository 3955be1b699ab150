"""A channel that is there, and whose optional part is not."""

from __future__ import annotations


class NotInstalled(ImportError):  # noqa: N818
    """The text says how to install what is missing. Nobody asked for it, so nobody is warned."""
