"""The worked example of the guide: a channel of another package, installed in a fresh environment, keeps
what every channel must."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
EXAMPLE = ROOT / "examples" / "ntfy-channel"


def test_a_package_of_others_passes_the_contract_suite(tmp_path: Path) -> None:
    """Fresh: nothing of the example is in this environment. What this one holds is let through, so that
    only the example itself has to be installed."""
    bare = tmp_path / "bare"
    _run(sys.executable, "-m", "venv", str(bare))
    (folder,) = (bare / "lib").glob("python3*/site-packages")
    here = next(path for path in sys.path if path.endswith("site-packages"))
    (folder / "ours.pth").write_text(f"{here}\n{ROOT / 'src'}\n{ROOT}\n")
    python = str(bare / "bin" / "python")
    _run(python, "-m", "pip", "install", "-q", "--no-deps", "--no-build-isolation", str(EXAMPLE))
    ended = _run(
        python, "-m", "pytest", "-q", "-p", "no:cacheprovider", "tests/contract", "-k", "ntfy"
    )
    assert " passed" in ended
    assert "failed" not in ended
    listed = _run(python, "-m", "meshhook_alerts", "channels", "kinds")
    assert "ntfy: ntfy" in listed
    assert "topic: Subscribe to it in the app." in listed


def _run(*command: str) -> str:
    ended = subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, timeout=240, env=dict(os.environ)
    )
    assert ended.returncode == 0, ended.stdout + ended.stderr
    return ended.stdout
