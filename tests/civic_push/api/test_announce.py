"""`civic-push announce`: the same API from a shell, over the network and on the host."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session
from werkzeug.serving import make_server

from civic_push.announce import front_matter
from civic_push.announce.command import REFUSED, WAITS
from civic_push.announce.doors import NoAnswer, Remote
from civic_push.announcements.models import Announcement
from civic_push.cli import main
from civic_push.db import db
from subscriptions.models import Neighbourhood, Topic
from tests.civic_push.api.conftest import Program
from tests.civic_push.api.test_announcements_api import ONE_DATABASE
from tests.conftest import SECRETS
from tests.stand_ins.plain_server import answer, serving

WHOLE = ["announce", "--title", "Brücke gesperrt", "--text", "Bis Freitag.", "--whole-town",
         "--thema", "Baustellen"]


@pytest.fixture
def api(app: Flask, program: Program, topic: Topic,
        make_neighbourhood: Callable[..., Neighbourhood]) -> Iterator[dict[str, str]]:
    """The API over a real socket, and the environment that leads there."""
    make_neighbourhood("hiddesen")
    db.session.remove()
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield {"CIVIC_PUSH_API_URL": f"http://127.0.0.1:{server.server_port}",
           "CIVIC_PUSH_API_TOKEN": program.token or ""}
    server.shutdown()
    thread.join(5)
    server.server_close()


def run(env: dict[str, str], *words: str, pipe: str | None = None) -> Result:
    """Call the command."""
    return CliRunner().invoke(main, list(words), input=pipe, env=env)


@ONE_DATABASE
def test_a_file_with_its_subject_at_the_top_is_announced(
        api: dict[str, str], tmp_path: Path) -> None:
    file = tmp_path / "meldung.md"
    file.write_text("---\nthema: baustellen\nortsteil: Hiddesen\ndringlichkeit: important\n"
                    "bis: 2099-11-20T18:00\nort: Lange Straße 1\n"
                    "einfach: Die Brücke ist zu.\n---\n\n"
                    "# Brücke gesperrt\n\nBis **Freitag**.\n", encoding="utf-8")
    done = run(api, "announce", str(file), "--json")
    assert done.exit_code == 0, done.output
    told = json.loads(done.stdout)
    assert (told["title"], told["text"], told["state"]) == (
        "Brücke gesperrt", "Bis **Freitag**.", "draft")
    assert (told["topics"], told["neighbourhoods"], told["urgency"]) == (
        ["baustellen"], ["hiddesen"], "important")
    assert told["expires_at"] == "2099-11-20T17:00:00+00:00"
    assert told["plain"]["text"] == "Die Brücke ist zu."
    assert told["place"]["address"] == "Lange Straße 1"


@ONE_DATABASE
def test_a_pipe_is_published_and_danger_waits_for_a_second_person(api: dict[str, str]) -> None:
    done = run(api, "announce", "-", "--publish", "--whole-town", "--thema", "baustellen",
               pipe="# Probe\n\nNur ein Versuch.\n")
    assert done.exit_code == 0, done.output
    assert "Announcement 1 " in done.stdout
    waits = run(api, *WHOLE, "--urgency", "danger", "--publish")
    assert waits.exit_code == WAITS
    assert "waits for a second person" in waits.stdout


@ONE_DATABASE
def test_the_same_key_announces_once(api: dict[str, str], session: Session) -> None:
    for _ in range(2):
        assert run(api, *WHOLE, "--publish", "--key", "cron-2026-11-22").exit_code == 0
    assert len(session.scalars(select(Announcement)).all()) == 1


@ONE_DATABASE
def test_what_is_wrong_is_said_in_sentences_and_codes(api: dict[str, str]) -> None:
    unknown = run(api, *WHOLE[:-1], "Baustelen")
    assert unknown.exit_code == REFUSED
    assert "Did you mean baustellen?" in unknown.output
    assert run(api, *WHOLE, "--ortsteil", "hiddesen").exit_code == 2
    assert run(api, "announce", "--title", "x", "--thema", "baustellen").exit_code == 2
    assert run(api, *WHOLE, "--expires", "morgen").exit_code == 2
    past = run(api, *WHOLE, "--expires", "2020-01-01T00:00")
    assert past.exit_code == REFUSED
    assert "/expires_at" in past.output
    stranger = run({**api, "CIVIC_PUSH_API_TOKEN": "cpt_falsch"}, *WHOLE)
    assert stranger.exit_code == REFUSED
    assert "Token" in stranger.output
    half = run({"CIVIC_PUSH_API_URL": "https://example.org"}, *WHOLE)
    assert half.exit_code == 2
    plain = run({**api, "CIVIC_PUSH_API_URL": "http://example.org"}, *WHOLE)
    assert plain.exit_code == 2
    assert "https://" in plain.output


@ONE_DATABASE
def test_on_the_host_itself_no_token_is_needed(
        app: Flask, session: Session, topic: Topic, tmp_path: Path) -> None:
    settings = app.extensions["civic_push_settings"]
    env = {"CIVIC_PUSH_DATABASE_URL": settings.database_url, "CIVIC_PUSH_VAR_DIR": str(tmp_path),
           "CIVIC_PUSH_REDIS_URL": settings.redis_url, "CIVIC_PUSH_UNDO_SECONDS": "0",
           **{f"CIVIC_PUSH_{name.upper()}": value for name, value in SECRETS.items()}}
    db.session.remove()
    done = run(env, *WHOLE, "--publish")
    assert done.exit_code == 0, done.output
    assert "is published" in done.stdout
    assert session.scalars(select(Announcement.state)).one() == "published"


def test_no_answer_is_asked_for_again_and_then_said() -> None:
    with serving(answer("503 Busy")) as server, pytest.raises(NoAnswer):
        Remote(server.origin, "t", pauses=(0.0, 0.0)).ask("POST", "/announcements", {})
    with serving(answer("200 OK", body=b"<html>")) as server, pytest.raises(
            NoAnswer, match="not answer like Civic Push"):
        Remote(server.origin, "t", pauses=()).ask("POST", "/announcements", {})


@pytest.mark.parametrize(("text", "said"), [
    ("---\nthema: x\n", "has no end"), ("---\nfarbe: rot\n---\n", "Line 2"),
    ("---\nthema\n---\n", "Line 2")])
def test_a_file_that_is_not_understood_says_where(text: str, said: str) -> None:
    with pytest.raises(front_matter.BadFile, match=said):
        front_matter.read(text)


def test_lists_quotes_and_comments_at_the_top_are_understood() -> None:
    head = front_matter.read('---\n# Kommentar\nthemen: [a, "b"]\nthema: c\ntitel: "T"\n---\n'
                             "# Bleibt im Text\n")
    assert head.lists == {"topics": ["a", "b", "c"]}
    assert head.values == {"title": "T"}
    assert head.text == "# Bleibt im Text"
