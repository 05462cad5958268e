"""The page /demo/inboxes: everything the demo's providers received, and the resident's
side of Telegram. `python -m civic_push.demo.inboxes` starts the providers themselves."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path
from typing import Any

import nh3
import requests
from flask import Blueprint, Flask, abort, flash, make_response, redirect, request
from flask import render_template as render
from flask import url_for as address
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from civic_push.config import settings
from civic_push.demo.journal import Entry, read
from civic_push.web.protection import POLICY

inboxes = Blueprint("demo_inboxes", __name__, url_prefix="/demo/inboxes")

SHOWN = 30  # newest entries of each channel
_TELEGRAM_TAGS = {"b", "i", "a"}
# Mails bring their own styles and show in a sandboxed frame, which inherits this policy.
_POLICY = POLICY.replace("style-src 'self'", "style-src 'self' 'unsafe-inline'")


def init_inboxes(app: Flask) -> None:
    """Add the page, in demo mode only."""
    if app.extensions["civic_push_settings"].demo:
        app.register_blueprint(inboxes)


def journal_path(var: Path) -> Path:
    """Where the demo's providers write what they received."""
    return var / "demo" / "inboxes.jsonl"


@inboxes.get("")
def show() -> Response:
    """All inboxes, newest first."""
    entries = list(read(journal_path(settings().var)))
    for entry in entries:
        entry["moment"] = datetime.fromisoformat(entry["at"])
    page = make_response(render(
        "demo/inboxes.html", mails=_newest(entries, "email"), texts=_newest(entries, "sms"),
        chats=_chats(entries), token=request.args.get("start", ""), framed=framed,
        rich=_rich, refresh="neu" in request.args))
    page.headers["Content-Security-Policy"] = _POLICY
    page.headers["Cache-Control"] = "no-store"
    return page


@inboxes.post("/telegram")
def act() -> Response:
    """Do what a resident does in Telegram: write something, or block the bot."""
    chat, text = request.form.get("chat", ""), request.form.get("text", "").strip()
    deed = "block" if "block" in request.form else "say"
    if not re.fullmatch(r"new|\d{1,15}", chat):
        abort(400)
    try:
        done = requests.post(f"{settings().telegram_api}/residents/{chat}/{deed}",
                             data={"text": text}, timeout=5).ok
    except requests.RequestException:
        done = False
    if not done:
        flash(_("Das hat nicht geklappt. Läuft „make run“ noch, und ist etwas eingegeben?"),
              "danger")
    return redirect(address("demo_inboxes.show") + "#telegram", 303)


def framed(html: str) -> str:
    """A mail's HTML for a sandboxed frame: no scripts run there, and links open outside."""
    base = '<base target="_blank">'
    inside, found = re.subn(r"<head[^>]*>", lambda head: head[0] + base, html, count=1)
    return inside if found else base + html


def _newest(entries: Iterable[Entry], channel: str) -> list[Entry]:
    return [entry for entry in entries if entry["channel"] == channel][::-1][:SHOWN]


def _chats(entries: Iterable[Entry]) -> list[dict[str, Any]]:
    """Telegram's chats, the one with the newest message first, each in reading order."""
    chats: dict[int, list[Entry]] = {}
    for entry in entries:
        if entry["channel"] == "telegram":
            kept = chats.pop(int(entry["chat"]), [])
            chats[int(entry["chat"])] = _told(kept, entry)[-SHOWN:]
    return [{"id": chat, "entries": kept} for chat, kept in reversed(chats.items())]


def _told(kept: list[Entry], entry: Entry) -> list[Entry]:
    """A chat with what is new in it; an edit changes a message where it stands."""
    if entry.get("edit"):
        for place in reversed(range(len(kept))):
            if kept[place].get("message") == entry["message"]:
                return [*kept[:place], entry, *kept[place + 1:]]
    return [*kept, entry]


def _rich(html: str) -> str:
    """Telegram's few tags, and nothing else; links open outside."""
    return nh3.clean(html, tags=_TELEGRAM_TAGS, attributes={"a": {"href"}},
                     url_schemes={"http", "https"}, link_rel="noopener noreferrer",
                     set_tag_attribute_values={"a": {"target": "_blank"}})


if __name__ == "__main__":
    from civic_push.demo.servers import main  # the page itself needs none of them

    main()
