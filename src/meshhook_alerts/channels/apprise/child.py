"""Runs Apprise on its own, as a script: a question on one line of stdin, the answer on one line of stdout.

Once Apprise is loaded, an audit hook (PEP 578: it cannot be taken away again) lets through connections that whoever
started this process allows, address by address, and no process, no file that is written, no socket of another kind.
"""

from __future__ import annotations

import json
import os
import sys
import threading
from typing import Any

# A script run with -I: nothing of ours can be imported here, and nothing is.
_FORBIDDEN = (
    "subprocess.", "os.system", "os.exec", "os.posix_spawn", "os.spawn", "os.fork", "os.startfile", "ctypes.",
    "socket.bind", "os.remove", "os.rename", "os.mkdir", "os.rmdir", "os.link", "os.symlink", "os.truncate", "os.chmod",
    "os.chown", "shutil.", "tempfile.", "webbrowser.", "pty.",
)  # fmt: skip
_DIALS = ("socket.connect", "socket.sendto", "socket.sendmsg")
_WRITES = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND


class _Gate:
    """Asks whoever started this process whether an address may be called."""

    def __init__(self) -> None:
        self._turn = threading.Lock()
        self.sent = False
        """Whether a request went out, be it in part."""

    def hook(self, event: str, arguments: tuple[Any, ...]) -> None:
        """Raises for what this process may not do."""
        if event == "http.client.send":
            self.sent = True
        elif event in _DIALS:
            self._ask(arguments[1])
        elif event == "open":
            flags = arguments[2] if len(arguments) > 2 and isinstance(arguments[2], int) else 0
            if flags & _WRITES and arguments[0] != os.devnull:
                raise PermissionError("nothing may be written here")
        elif event.startswith(_FORBIDDEN):
            raise PermissionError(f"{event} is not allowed here")

    def _ask(self, address: Any) -> None:
        if not isinstance(address, tuple) or len(address) < 2:
            raise PermissionError("only internet addresses may be called")
        with self._turn:
            say({"dial": str(address[0]), "port": int(address[1])})
            if sys.stdin.readline() != "yes\n":
                raise PermissionError("the outbound guard does not let this address through")


def say(document: dict[str, Any]) -> None:
    """One line to whoever started this process."""
    os.write(_OUT, json.dumps(document).encode() + b"\n")


def main() -> None:
    """Answers one question."""
    question = json.loads(sys.stdin.readline())
    import logging

    from apprise import Apprise, AppriseAsset, LogCapture, NotifyType

    asset = AppriseAsset(
        plugin_paths=[], http_redirects=False, secure_logging=True, async_mode=False
    )
    service = Apprise(asset=asset)
    gate = _Gate()
    sys.addaudithook(gate.hook)
    if not service.add(question["url"]):
        say({"readable": False})
        return
    if "body" not in question:
        say({"readable": True})
        return
    capture: Any = LogCapture
    with capture(level=logging.WARNING, fmt="%(message)s") as log:
        delivered = service.notify(
            title=question["title"], body=question["body"], notify_type=NotifyType(question["type"])
        )
        # The result counts as true by being there; what it stands for is its status.
        status = getattr(delivered, "status", delivered)
        good = getattr(status, "name", status) in ("SUCCESS", True)
        said = log.getvalue().strip()
    say({"delivered": good, "said": said[-2_000:], "sent": gate.sent})


if __name__ == "__main__":
    sys.dont_write_bytecode = True
    _OUT = os.dup(1)
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # what plug-ins print is no answer
    main()
