"""`civic-push announce`: options, sentences, exit codes."""

from __future__ import annotations

import difflib
import json
import os
import sys
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any, TextIO

import click
from flask.cli import ScriptInfo

from channels.base import Urgency
from civic_push.announce import front_matter
from civic_push.announce.doors import Answer, Door, Here, NoAnswer, Remote
from civic_push.config import PREFIX
from subscriptions.timing import TOWN_TIME

REFUSED, WAITS, UNREACHABLE = 1, 3, 4
"""Exit codes besides 0 (done) and 2 (wrong call)."""
_TIMES = {"expires": "expires_at", "starts": "starts_at", "ends": "ends_at"}


@click.command(epilog=f"Exit codes: 0 done, {REFUSED} refused, 2 wrong call, {WAITS} waits for "
                      f"a second person, {UNREACHABLE} no answer (try again).")
@click.argument("file", type=click.File(encoding="utf-8"), required=False)
@click.option("--title", help="The title; in a file also its first heading.")
@click.option("--text", help="The text, in Markdown.")
@click.option("--short", help="One sentence for SMS and push.")
@click.option("--plain", help="The text in Einfache Sprache.")
@click.option("--thema", "--topic", "topics", multiple=True, help="Topic (slug or name).")
@click.option("--ortsteil", "--neighbourhood", "places", multiple=True,
              help="Ortsteil (slug or name).")
@click.option("--whole-town", is_flag=True, help="For the whole town.")
@click.option("--place", help="Where it is: an address, or words.")
@click.option("--urgency", type=click.Choice([u.value for u in Urgency]),
              help="info, if not said.")
@click.option("--link", help="Where there is more.")
@click.option("--expires", metavar="TIME", help="Until when: 2026-11-20T18:00, the town's time.")
@click.option("--starts", metavar="TIME", help="When what it tells about begins.")
@click.option("--ends", metavar="TIME", help="When that ends.")
@click.option("--publish", is_flag=True, help="Publish; without, it is saved as a draft.")
@click.option("--key", help="Idempotency-Key: called again with it, it is done once.")
@click.option("--json", "as_json", is_flag=True, help="Print what the API answers.")
@click.pass_context
def announce(context: click.Context, /, file: TextIO | None, topics: tuple[str, ...],
             places: tuple[str, ...], whole_town: bool, publish: bool, key: str | None,
             as_json: bool, **said: str | None) -> None:
    """Write an announcement from options, or from FILE (- for a pipe): Markdown, with lines
    like “thema: baustellen” between two lines “---” at its top.

    Talks to CIVIC_PUSH_API_URL with CIVIC_PUSH_API_TOKEN; without them, on the host itself,
    to the database."""
    head = _head(file)
    head.lists.setdefault("topics", []).extend(topics)
    head.lists.setdefault("places", []).extend(places)
    head.values |= {name: value for name, value in said.items() if value is not None}
    if head.values.get("text"):
        head.text = head.values["text"]
    if whole_town == bool(head.lists["places"]):
        raise click.UsageError("Say for whom: --ortsteil, or --whole-town.")
    if not head.values.get("title"):
        raise click.UsageError("Say --title, or begin the file with “# Title”.")
    times = {member: _time(head.values[name], name) for name, member in _TIMES.items()
             if name in head.values}
    with _opened(context) as door:
        try:
            _tell(door, {**_body(door, head), **times}, publish, key or str(uuid.uuid4()),
                  as_json)
        except NoAnswer as error:
            click.echo(f"Error: {error} Nothing was lost: call it again.", err=True)
            sys.exit(UNREACHABLE)


def _tell(door: Door, body: dict[str, Any], publish: bool, key: str, as_json: bool) -> None:
    made = _done(door.ask("POST", "/announcements", body, key), as_json)
    path, waits = f"/announcements/{made['id']}", False
    if publish:
        answer = door.ask("POST", f"{path}/publish", {}, f"{key}.publish")
        waits = answer.status == 409 and answer.body.get("type", "").endswith("#second-person")
        if waits:
            answer = door.ask("POST", f"{path}/submit", {}, f"{key}.submit")
        made = _done(answer, as_json)
    click.echo(json.dumps(made, ensure_ascii=False, indent=2) if as_json else _sentence(made))
    if waits:
        sys.exit(WAITS)


def _sentence(made: dict[str, Any]) -> str:
    number, state = made["id"], made["state"]
    if state == "published":
        return f"Announcement {number} is published: {made['url']}"
    if state == "scheduled":
        return f"Announcement {number} leaves at {made['scheduled_at']}: {made['url']}"
    if state == "submitted":
        return f"Announcement {number} waits for a second person at the desk."
    return f"Announcement {number} is saved as a draft; --publish would publish it."


def _done(answer: Answer, as_json: bool) -> dict[str, Any]:
    """What was answered, if it was no refusal."""
    if answer.status < 300:
        return answer.body
    if as_json:
        click.echo(json.dumps(answer.body, ensure_ascii=False, indent=2))
    said = [f"{flaw.get('pointer') or flaw.get('parameter') or ''} {flaw['detail']}".strip()
            for flaw in answer.body.get("errors", [])]
    title = str(answer.body.get("title", f"The API answers with status {answer.status}."))
    detail = str(answer.body.get("detail", "")) if not said else ""
    raise click.ClickException("\n  ".join(filter(None, [f"{title} {detail}".strip(), *said])))


def _body(door: Door, head: front_matter.Head) -> dict[str, Any]:
    """What the API takes."""
    v = head.values
    found: dict[str, Any] = {
        "title": v["title"], "text": head.text,
        "topics": _slugs(door, "/topics", head.lists["topics"], "topic"),
        "neighbourhoods": _slugs(door, "/neighbourhoods", head.lists["places"], "Ortsteil")}
    found |= {name: v[name] for name in ("short", "urgency", "link") if v.get(name)}
    if v.get("plain"):
        found["plain"] = {"text": v["plain"]}
    if v.get("place"):
        found["place"] = {"address": v["place"]}
    return found


def _slugs(door: Door, path: str, said: list[str], kind: str) -> list[str]:
    """Slugs of what was named by slug or name."""
    if not said:
        return []
    known: dict[str, str] = {}
    for row in _done(door.ask("GET", path), as_json=False)["items"]:
        known |= {row["slug"].casefold(): row["slug"], row["name"].casefold(): row["slug"]}
    for name in said:
        if name.casefold() not in known:
            near = difflib.get_close_matches(name.casefold(), known, 1)
            hint = f" Did you mean {known[near[0]]}?" if near else ""
            raise click.ClickException(
                f"There is no {kind} {name!r}.{hint} There are: "
                f"{', '.join(sorted(set(known.values())))}.")
    return list(dict.fromkeys(known[name.casefold()] for name in said))


def _head(file: TextIO | None) -> front_matter.Head:
    if file is None:
        return front_matter.Head()
    try:
        return front_matter.read(file.read(1_000_000))
    except UnicodeDecodeError as error:
        raise click.ClickException(f"{file.name} is not in UTF-8.") from error
    except front_matter.BadFile as error:
        raise click.ClickException(str(error)) from error


def _time(text: str, name: str) -> str:
    """A time of the town's clocks, or with a zone of its own, as the API takes it."""
    try:
        when = datetime.fromisoformat(text)
    except ValueError as error:
        raise click.UsageError(f"--{name}: write it like 2026-11-20T18:00.") from error
    return (when if when.tzinfo else when.replace(tzinfo=TOWN_TIME)).isoformat()


@contextmanager
def _opened(context: click.Context) -> Iterator[Door]:
    """The API by network where it is set up, else here."""
    url, token = (os.environ.get(f"{PREFIX}API_{name}", "") for name in ("URL", "TOKEN"))
    if bool(url) != bool(token):
        raise click.UsageError(f"{PREFIX}API_URL and {PREFIX}API_TOKEN belong together.")
    if url:
        try:
            remote = Remote(url, token)
        except ValueError as error:
            raise click.UsageError(str(error)) from error
        yield remote
        return
    app = context.ensure_object(ScriptInfo).load_app()
    with app.app_context():
        yield Here(app)

