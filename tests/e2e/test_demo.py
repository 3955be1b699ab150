"""The demo as a newcomer runs it: a process of its own, real servers, the dashboard and the mailbox in a browser."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import sync_playwright

DEMO = [sys.executable, "-m", "meshhook_alerts", "demo"]


def environment(data: Path) -> dict[str, str]:
    """A folder of its own, so that a demo on this machine is not disturbed."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith("MESHHOOK_")}
    return {**clean, "MESHHOOK_ALERTS_DATA": str(data), "PYTHONUNBUFFERED": "1"}


def processes_using(folder: Path) -> list[str]:
    """Command lines of live processes that name the folder."""
    found = []
    for entry in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            line = entry.read_bytes().replace(b"\0", b" ").decode(errors="replace")
        except OSError:
            continue
        if str(folder) in line:
            found.append(line)
    return found


@contextmanager
def running(data: Path, *options: str) -> Iterator[tuple[subprocess.Popen[str], str, str]]:
    """A demo that is up, its mailbox's address, and the link that signs in to the dashboard."""
    process = subprocess.Popen(
        [*DEMO, "--port", "0", *options], env=environment(data), stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT, text=True, start_new_session=True,
    )  # fmt: skip
    try:
        yield process, *_addresses(process)
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGINT)
            process.wait(30)


def _addresses(process: subprocess.Popen[str]) -> tuple[str, str]:
    assert process.stdout is not None
    said = []
    for line in process.stdout:
        said.append(line)
        if found := re.search(r"(http://127\.0\.0\.1:\d+/demo/)", line):
            return found.group(1), re.findall(r"http://\S+sign-in\S+", "".join(said))[0]
    raise AssertionError("the demo ended early: " + "".join(said))


def _get(address: str) -> str:
    with urllib.request.urlopen(address, timeout=10) as answer:
        return str(answer.read().decode())


def _counter(page: str, name: str) -> int:
    found = re.search(rf"<dt>{name}</dt><dd>([\d,]+)", page)
    assert found, f"no counter {name}"
    return int(found.group(1).replace(",", ""))


def _wait_for(address: str, name: str, at_least: int, within: float = 60) -> str:
    end = time.monotonic() + within
    while _counter(page := _get(address), name) < at_least:
        assert time.monotonic() < end, f"{name} stayed below {at_least}"
        time.sleep(0.3)
    return page


def test_once_waits_for_alerts_sums_up_and_exits_0(open_folder: Path) -> None:
    done = subprocess.run(
        [*DEMO, "--once", "--alerts", "3", "--pace", "8"],
        env=environment(open_folder), capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    assert "messages delivered, 0 lost" in done.stdout
    assert not processes_using(open_folder)


def test_once_says_why_it_failed(open_folder: Path) -> None:
    done = subprocess.run(
        [*DEMO, "--once", "--alerts", "15", "--pace", "0.1", "--timeout", "10"],
        env=environment(open_folder), capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert done.returncode == 1
    assert re.search(r"after 10 s only \d+ e-mails and \d+ webhooks of 15 had arrived", done.stderr)
    assert "Traceback" not in done.stderr
    assert not processes_using(open_folder)


def test_ctrl_c_ends_it_cleanly_and_a_second_start_goes_on(open_folder: Path) -> None:
    with running(open_folder, "--pace", "8") as (process, address, _):
        before = _counter(_wait_for(address, "Messages delivered", 2), "Failures found")
        second = subprocess.run(
            [*DEMO, "--port", "0"], env=environment(open_folder), capture_output=True, text=True,
            timeout=60, check=False,
        )  # fmt: skip
        assert second.returncode == 1
        assert "another demo is running" in second.stderr
        process.send_signal(signal.SIGINT)
        assert process.wait(30) == 0
    assert not processes_using(open_folder)
    with running(open_folder, "--pace", "0.1") as (_, address, _):
        assert _counter(_get(address), "Failures found") >= before
    with running(open_folder, "--pace", "0.1", "--fresh") as (_, address, _):
        assert _counter(_get(address), "Failures found") < before
    assert not processes_using(open_folder)


def test_a_killed_demo_is_picked_up_by_the_next_one(open_folder: Path) -> None:
    with running(open_folder, "--pace", "8") as (process, address, _):
        _wait_for(address, "Messages delivered", 1)
        process.kill()
        process.wait(10)
    with running(open_folder, "--pace", "8") as (_, address, _):
        _wait_for(address, "Messages delivered", 2)
    assert not processes_using(open_folder)


@pytest.mark.browser
def test_the_link_leads_to_alerts_and_the_mailbox_to_messages_in_a_browser(
    open_folder: Path,
) -> None:
    browser_path = os.environ.get("MESHHOOK_ALERTS_CHROMIUM") or shutil.which("chromium")
    with running(open_folder, "--pace", "8") as (_, address, link), sync_playwright() as playwright:
        _wait_for(address, "Messages delivered", 2)
        browser = playwright.chromium.launch(executable_path=browser_path, args=["--no-sandbox"])
        said: list[str] = []
        for width in (320, 768, 1280):
            for scheme in ("light", "dark"):
                page = browser.new_page(
                    viewport={"width": width, "height": 800}, color_scheme=scheme
                )
                page.on("console", lambda message: said.append(message.text))
                page.on("pageerror", lambda error: said.append(str(error)))
                page.goto(address)
                sideways = (
                    "document.documentElement.scrollWidth > document.documentElement.clientWidth"
                )
                assert not page.evaluate(sideways), f"scrolls sideways at {width}"
                page.locator(".messages a").first.click()
                page.frame_locator("iframe.mail").get_by_text("Why you got this").wait_for()
                assert not page.evaluate(sideways), f"mail scrolls sideways at {width}"
                page.close()
        page = browser.new_page(viewport={"width": 1280, "height": 900})
        page.goto(link)
        page.locator("[data-row] a").first.click()
        page.get_by_role("heading", name="Who was told").wait_for()
        page.goto(link)
        page.get_by_text("This link has been used").wait_for()
        said = [each for each in said if "410" not in each]
        browser.close()
        assert said == []
