"""The dashboard's built pages, as files: which there are, and how they are to be sent."""

from __future__ import annotations

import base64
import hashlib
import mimetypes
import re
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path, PurePosixPath

from fastapi.responses import FileResponse, HTMLResponse, Response

_INLINE = re.compile(r"<script>(.*?)</script>", re.DOTALL)
_ENCODINGS = (("br", ".br"), ("gzip", ".gz"))
_FOR_EVER = "public, max-age=31536000, immutable"


@dataclass(frozen=True, slots=True)
class Dashboard:
    """A folder with a build."""

    folder: Path
    policy: str

    @classmethod
    def found(cls) -> Dashboard | None:
        """The build that came with the package, or the checkout's own; None if there is none."""
        packaged = Path(str(files("meshhook_alerts"))) / "dashboard_build"
        checkout = Path(__file__).parents[4] / "dashboard" / "build"
        for folder in (packaged, checkout):
            if (folder / "index.html").exists():
                return cls(folder, _policy((folder / "index.html").read_text("utf-8")))
        return None

    def shell(self) -> Response:
        """The page that every path below /alerts begins with; what it shows is asked of the API."""
        headers = {
            "Content-Security-Policy": self.policy,
            "X-Frame-Options": "DENY",
            "Referrer-Policy": "same-origin",
        }
        return HTMLResponse((self.folder / "index.html").read_bytes(), headers=headers)

    def file(self, path: str, accepted: str) -> Response | None:
        """A file of the build, compressed if the reader takes it; None for what is none."""
        wanted = PurePosixPath(path)
        if wanted.is_absolute() or ".." in wanted.parts or wanted.name == "index.html":
            return None
        found = self.folder / wanted
        if not found.is_file():
            return None
        headers = {"Vary": "Accept-Encoding"}
        headers["Cache-Control"] = _FOR_EVER if "immutable" in wanted.parts else "no-cache"
        kind = mimetypes.guess_type(found.name)[0] or "application/octet-stream"
        for name, end in _ENCODINGS:
            smaller = found.with_name(found.name + end)
            if name in accepted and smaller.is_file():
                return FileResponse(
                    smaller, media_type=kind, headers={**headers, "Content-Encoding": name}
                )
        return FileResponse(found, media_type=kind, headers=headers)


def _policy(shell: str) -> str:
    """Nothing from elsewhere, and of scripts in the page only the one that starts it, by its hash."""
    hashes = " ".join(
        f"'sha256-{base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()}'"
        for script in _INLINE.findall(shell)
    )
    return (
        f"default-src 'none'; script-src 'self' {hashes}; style-src 'self' 'unsafe-inline'; img-src 'self' data:;"
        " connect-src 'self'; font-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
    )
