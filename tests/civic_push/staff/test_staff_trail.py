"""The audit trail: nothing in it can be changed, and whoever changes it all the same is found
out."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import timedelta

import pytest
from click.testing import CliRunner, Result
from flask import Flask
from flask.cli import ScriptInfo
from flask.testing import FlaskClient
from sqlalchemy import delete, select, text, update
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from civic_push.announcements.models import Announcement
from civic_push.db import db, is_sqlite, utcnow
from civic_push.staff import accounts, trail
from civic_push.staff.commands import verify_audit
from civic_push.staff.models import Staff, TrailEntry
from tests.civic_push.conftest import EDITOR, PASSWORD, sign_in
from tests.civic_push.desk_visitor import Visitor


def fill(session: Session, count: int = 3) -> None:
    for number in range(count):
        trail.record(session, trail.CLOCK, "tested", ("thing", number),
                     before={"b": number, "a": "ä"}, after=None)
    session.commit()


def verify_by_command(app: Flask, *words: str) -> Result:
    info = ScriptInfo(create_app=lambda: app, set_debug_flag=False)
    return CliRunner().invoke(verify_audit, list(words), obj=info)


def tamper(session: Session, statement: str) -> None:
    """What somebody could do who owns the database: switch the triggers off first."""
    if is_sqlite(session.connection()):
        for verb in ("update", "delete"):
            session.execute(text(f"DROP TRIGGER trail_entry_no_{verb}"))
        session.execute(text(statement))
    else:
        session.execute(text("ALTER TABLE trail_entry DISABLE TRIGGER ALL"))
        session.execute(text(statement))
        session.execute(text("ALTER TABLE trail_entry ENABLE TRIGGER ALL"))
    session.commit()


@pytest.mark.parametrize("change", [
    update(TrailEntry).values(actor="somebody else"), delete(TrailEntry)])
def test_the_database_itself_refuses_to_change_or_delete_an_entry(
        session: Session, change: object) -> None:
    fill(session)
    with pytest.raises(DBAPIError, match="append-only"):
        session.execute(change)  # type: ignore[call-overload]
    session.rollback()
    assert trail.verify(session).entries == 3


def test_an_untouched_trail_holds_and_says_its_last_hash(app: Flask, session: Session) -> None:
    assert verify_by_command(app).output.startswith("The trail holds: 0 entries.")
    fill(session)
    last = session.scalars(select(TrailEntry.digest).order_by(TrailEntry.id.desc())).first()
    done = verify_by_command(app)
    assert done.exit_code == 0
    assert done.output == f"The trail holds: 3 entries. Last hash: {last}\n"


@pytest.mark.parametrize(("statement", "broken", "hold"), [
    ("UPDATE trail_entry SET after = '\"x\"' WHERE id = 2", 2, 1),
    ("UPDATE trail_entry SET actor = 'staff:9' WHERE id = 3", 3, 2),
    ("UPDATE trail_entry SET at = '2020-01-01 00:00:00' WHERE id = 1", 1, 0),
    ("DELETE FROM trail_entry WHERE id = 2", 3, 1),
    ("DELETE FROM trail_entry WHERE id = 1", 2, 0),
])
def test_verifying_names_the_first_entry_that_does_not_fit(
        app: Flask, session: Session, statement: str, broken: int, hold: int) -> None:
    fill(session)
    tamper(session, statement)
    done = verify_by_command(app)
    assert done.exit_code == 1
    assert f"Error: Entry {broken} does not fit" in done.output
    assert f"The {hold} entries before it hold." in done.output


def test_a_cut_off_end_is_found_by_the_hash_that_was_noted(app: Flask, session: Session) -> None:
    fill(session)
    noted = trail.verify(session).last
    assert verify_by_command(app, "--expect", noted).exit_code == 0
    tamper(session, "DELETE FROM trail_entry WHERE id = 3")
    assert verify_by_command(app).exit_code == 0  # what is left fits together
    done = verify_by_command(app, "--expect", noted)
    assert done.exit_code == 1
    assert "its end is missing" in done.output


def test_writers_at_the_same_time_make_one_chain(app: Flask, session: Session) -> None:
    session.remove()  # type: ignore[attr-defined]  # a scoped session
    begin = threading.Barrier(4)

    def write(number: int) -> None:
        with app.app_context():
            begin.wait()
            for turn in range(5):
                trail.record(db.session(), f"staff:{number}", "tested", ("thing", turn))
                db.session.commit()
            db.session.remove()

    threads = [threading.Thread(target=write, args=(n,)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert trail.verify(session) == trail.Verdict(20, trail.verify(session).last)


def test_what_is_rolled_back_leaves_no_entry(session: Session) -> None:
    fill(session, 1)
    trail.record(session, trail.CLOCK, "tested", ("thing", 1))
    session.rollback()
    fill(session, 1)
    assert trail.verify(session).entries == 2
    assert trail.verify(session).broken is None


def actions(session: Session) -> list[str]:
    session.rollback()
    return list(session.scalars(select(TrailEntry.action).order_by(TrailEntry.id)))


def test_the_desk_writes_down_who_did_what_from_what_to_what(
        session: Session, editor: Visitor, staff: Staff,
        make_announcement: Callable[..., Announcement]) -> None:
    number = make_announcement().id
    editor.press(f"/redaktion/{number}/veroeffentlichen")
    entry = session.scalars(select(TrailEntry)).one()
    assert (entry.actor, entry.action) == (f"staff:{staff.id}", "announcement.published")
    assert (entry.kind, entry.object_id, entry.before) == ("announcement", str(number), '"draft"')
    assert '"title":"Brücke gesperrt"' in entry.after
    other = make_announcement(title="Zweite").id
    editor.press(f"/redaktion/{other}", f"/redaktion/{other}/verwerfen")
    editor.press("/redaktion/", "/redaktion/abmelden")
    assert actions(session) == ["announcement.published", "announcement.moved",
                                "staff.signed_out"]


def test_signing_in_and_failing_to_are_written_down_without_what_was_typed(
        session: Session, client: FlaskClient, staff: Staff) -> None:
    visitor = Visitor(client)
    visitor.press("/redaktion/anmelden", email="hoppla-mein-passwort", password="x")
    visitor.press("/redaktion/anmelden", email=EDITOR, password=PASSWORD)
    assert actions(session) == ["staff.sign_in_failed", "staff.signed_in"]
    everything = "".join(str(row) for row in session.execute(select(TrailEntry.__table__)))
    assert "hoppla" not in everything
    assert EDITOR not in everything


@pytest.fixture
def administrator(app: Flask, session: Session, staff: Staff) -> Visitor:
    accounts.change(session, staff, ["admin"], [], [])
    return sign_in(app.test_client(), session, staff)


def test_the_trail_is_readable_and_filtered_by_person_action_and_day(
        session: Session, administrator: Visitor, staff: Staff) -> None:
    old = utcnow() - timedelta(days=30)
    trail.record(session, staff, "announcement.published", ("announcement", 7), now=old,
                 after={"title": "Alte Brücke"})
    trail.record(session, trail.COMMAND, "staff.added", ("staff", staff.id),
                 after={"roles": ["editor"], "active": True})
    session.commit()
    everything = administrator.read("/redaktion/protokoll")
    assert "Meldung veröffentlicht" in everything
    assert "Alte Brücke" in everything
    assert "Befehl auf dem Server" in everything
    by_command = administrator.read("/redaktion/protokoll?wer=command")
    assert "Konto angelegt" in by_command
    assert "Alte Brücke" not in by_command
    assert "Alte Brücke" not in administrator.read(
        f"/redaktion/protokoll?von={utcnow():%Y-%m-%d}")
    assert "Dazu gibt es keine Einträge." in administrator.read(
        "/redaktion/protokoll?was=channel.tried")
    assert "Schreiben Sie das Datum so" in administrator.read("/redaktion/protokoll?von=gestern")


def test_a_long_trail_is_read_page_by_page(session: Session, administrator: Visitor) -> None:
    fill(session, 120)
    page = administrator.read("/redaktion/protokoll")
    assert page.count('<li>\n    <p class="meta">') == 50
    assert "/redaktion/protokoll?vor=71" in page
    assert "Ältere Einträge" in page
    assert "Ältere Einträge" not in administrator.read("/redaktion/protokoll?vor=21")
