"""A picture of an e-mail of the demo, as it looks in a browser."""

from __future__ import annotations

import os
import re
import shutil
import sys
import urllib.request
from pathlib import Path

from playwright.sync_api import sync_playwright

FOLDER = Path(__file__).parents[1] / "docs" / "images"


def main(address: str) -> None:
    """Takes it from the demo at ``address``."""
    overview = urllib.request.urlopen(f"{address}/demo/").read().decode()
    mail = re.search(r"/demo/mail/\d+", overview)
    if mail is None:
        raise SystemExit("no e-mail has arrived yet; wait a moment")
    browser_path = os.environ.get("MESHHOOK_ALERTS_CHROMIUM") or shutil.which("chromium")
    FOLDER.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=browser_path, args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": 640, "height": 900})
        page.goto(f"{address}{mail.group()}/body")
        page.screenshot(path=str(FOLDER / "email.png"))
        print("wrote docs/images/email.png")
        browser.close()


if __name__ == "__main__":
    main(sys.argv[1].rstrip("/") if len(sys.argv) > 1 else "http://127.0.0.1:8787")
