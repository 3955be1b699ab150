"""Pictures of what each kind of channel sends, for the docs: ``.venv/bin/python -m tests.contract.pictures``.

Each is drawn from the requests that the kind's stand-in accepted, in the way the provider's program lays them out; they
are not taken in that program."""

from __future__ import annotations

import asyncio
import html
import json
import os
import re
import shutil
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

from playwright.sync_api import sync_playwright

from meshhook_alerts.channels import installed_channels
from tests.contract.content import NOTIFICATION, first_failure, recovered
from tests.contract.harness import harness_for

FOLDER = Path(__file__).parents[2] / "docs" / "images"
_LEFT_OUT = ("email", "webhook")  # they have pictures and examples of their own
_STYLE = """
body{margin:0;padding:24px;background:#f4f5f7;font:15px/1.5 system-ui,"DejaVu Sans",sans-serif;color:#1d1c1d;display:grid;gap:20px}
.card{background:#fff;border:1px solid #dfe3e8;border-radius:8px;padding:14px 18px;overflow-wrap:anywhere}
.bar{border-left:5px solid var(--c);padding-left:14px}
h3{margin:0 0 6px;font-size:17px} pre{background:#f6f6f8;border:1px solid #e3e5e8;border-radius:5px;padding:8px 10px;white-space:pre-wrap;margin:8px 0;font-size:13px}
.grid{display:grid;grid-template-columns:1fr 1fr;gap:8px 20px;margin:8px 0} .small{color:#616a75;font-size:12.5px} a{color:#1264a3;text-decoration:none}
.bubble{background:#e9f0ff;border-radius:16px;padding:10px 14px;max-width:420px;white-space:pre-wrap}
table{border-collapse:collapse;font-size:13.5px} td{padding:2px 14px 2px 0;vertical-align:top} .head{font-weight:600}
.note{font-size:12.5px;color:#616a75;margin-bottom:4px}
"""


async def sent(kind: str) -> list[Any]:
    """What the stand-in accepted of a new trouble and of its end."""
    channel = installed_channels()[kind]
    async with harness_for(kind) as harness:
        config = channel.config_model.model_validate(harness.config)
        for content in (first_failure(), recovered()):
            outcome = await channel.send(NOTIFICATION, content, config, harness.tools)
            harness.tools.thread = getattr(outcome, "reference", None)
        return [_read(body) for body in harness.received()]


def _read(body: bytes) -> Any:
    try:
        return json.loads(body)
    except json.JSONDecodeError:
        return dict(parse_qsl(body.decode()))


def drawn(kind: str, message: Any) -> str:
    """One message."""
    if kind.startswith("slack"):
        return _slack(message)
    if kind == "discord":
        return _discord(message["embeds"][0])
    if kind == "teams":
        return _teams(message["attachments"][0]["content"])
    if kind == "telegram":
        text = message["text"].replace("\n", "<br>")
        return f'<div class="bubble" style="max-width:560px;white-space:normal">{text}</div>'
    if kind.startswith("sms"):
        text = message.get("Body") or message.get("text") or message["messages"][0]["body"]
        return f'<div class="bubble">{html.escape(text)}</div>'
    return f'<div class="card"><table>{_rows({k: v for k, v in message.items() if "key" not in k or k == "dedup_key"})}</table></div>'


def _slack(message: dict[str, Any]) -> str:
    attachment, parts = message["attachments"][0], []
    note = "in the alert's thread" if message.get("thread_ts") else ""
    if message.get("ts"):
        note = "the thread's first message, changed"
    for block in attachment["blocks"]:
        match block["type"]:
            case "header":
                parts.append(f"<h3>{html.escape(block['text']['text'])}</h3>")
            case "context":
                parts += [
                    f'<div class="small">{_mrkdwn(each["text"])}</div>'
                    for each in block["elements"]
                ]
            case _ if "fields" in block:
                cells = "".join(f"<div>{_mrkdwn(each['text'])}</div>" for each in block["fields"])
                parts.append(f'<div class="grid">{cells}</div>')
            case _:
                parts.append(f"<div>{_mrkdwn(block['text']['text'])}</div>")
    return f'<div><div class="note">{note}</div><div class="card"><div class="bar" style="--c:{attachment["color"]}">{"".join(parts)}</div></div></div>'


def _mrkdwn(text: str) -> str:
    text = re.sub(r"```(.*?)```", r"<pre>\1</pre>", text, flags=re.DOTALL)
    text = re.sub(r"<(https?://[^|>]+)\|([^>]+)>", r'<a href="\1">\2</a>', text)
    return re.sub(r"\*([^*\n]+)\*", r"<b>\1</b>", text).replace("\n", "<br>")


def _discord(embed: dict[str, Any]) -> str:
    text = re.sub(r"\\([\\*_~`|>\[\]()#-])", r"\1", html.escape(embed["description"], quote=False))
    text = re.sub(r"```\n(.*?)\n```", r"<pre>\1</pre>", text, flags=re.DOTALL)
    text = re.sub(r"\[([^\]]+)\]\((https?://[^)]+)\)", r'<a href="\2">\1</a>', text)
    text = re.sub(r"\*\*([^*]+)\*\*", r"<b>\1</b>", text).replace("\n", "<br>")
    fields = "".join(
        f"<div><b>{html.escape(each['name'])}</b><br>{html.escape(each['value'].replace(chr(92), ''))}</div>"
        for each in embed["fields"]
    )
    return (
        f'<div class="card"><div class="bar" style="--c:#{embed["color"]:06x}"><h3>{html.escape(embed["title"])}</h3>'
        f'<div>{text}</div><div class="grid" style="grid-template-columns:1fr 1fr 1fr">{fields}</div>'
        f'<div class="small">{html.escape(embed["footer"]["text"])}</div></div></div>'
    )


def _teams(card: dict[str, Any]) -> str:
    colours = {"good": "#dff3e4", "attention": "#fbe3e4", "warning": "#fdf1d8", "accent": "#e5ecf6"}

    def run(each: dict[str, Any]) -> str:
        style = "font-weight:600;" if each.get("weight") else ""
        style += "font-family:monospace;white-space:pre-wrap;" if each.get("fontType") else ""
        style += "font-size:17px;" if each.get("size") == "Large" else ""
        style += "color:#616a75;font-size:12.5px;" if each.get("isSubtle") else ""
        return f'<span style="{style}">{html.escape(each["text"])}</span>'

    def element(each: dict[str, Any]) -> str:
        if each["type"] == "Container":
            inside = "".join(map(element, each["items"]))
            return f'<div style="background:{colours[each["style"]]};margin:-14px -18px 10px;padding:12px 18px">{inside}</div>'
        return f"<div>{''.join(map(run, each['inlines']))}</div>"

    body = "".join(map(element, card["body"]))
    actions = " ".join(
        f'<span style="border:1px solid #c7cdd4;border-radius:4px;padding:4px 12px">{each["title"]}</span>'
        for each in card["actions"]
    )
    return f'<div class="card">{body}<div style="margin-top:12px">{actions}</div></div>'


def _rows(found: dict[str, Any], before: str = "") -> str:
    rows = []
    for name, value in found.items():
        if isinstance(value, dict):
            rows.append(_rows(value, f"{before}{name} › "))
        elif value not in ("", None, []):
            shown = (
                ", ".join(map(str, value))
                if isinstance(value, list) and not any(isinstance(each, dict) for each in value)
                else value
            )
            if isinstance(shown, list):
                shown = ", ".join(each.get("text", "") for each in shown)
            text = html.escape(str(shown)).replace("\n", "<br>")
            rows.append(
                f'<tr><td class="head">{html.escape(before + name)}</td><td>{text}</td></tr>'
            )
    return "".join(rows)


def main() -> None:
    """Draws all of them."""
    kinds = sorted(set(installed_channels()) - set(_LEFT_OUT))
    messages = {kind: asyncio.run(sent(kind)) for kind in kinds}
    browser_path = os.environ.get("MESHHOOK_ALERTS_CHROMIUM") or shutil.which("chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=browser_path, args=["--no-sandbox"])
        for kind, found in messages.items():
            page = browser.new_page(viewport={"width": 720, "height": 200})
            body = "".join(drawn(kind, each) for each in found)
            page.set_content(f"<!doctype html><meta charset=utf-8><style>{_STYLE}</style>{body}")
            page.screenshot(path=str(FOLDER / f"channel-{kind}.png"), full_page=True)
            page.close()
            print(f"wrote docs/images/channel-{kind}.png")
        browser.close()


if __name__ == "__main__":
    main()
