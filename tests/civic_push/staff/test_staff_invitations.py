"""Invitations and what administrators do with accounts."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from civic_push.db import utcnow
from civic_push.delivery.drain import drain
from civic_push.delivery.models import Delivery, State
from civic_push.staff import accounts, codes, invitations
from civic_push.staff.models import Staff, TrailEntry
from subscriptions.models import Neighbourhood
from subscriptions.tokens import Purpose
from tests.civic_push.conftest import EDITOR, PASSWORD, sign_in
from tests.civic_push.desk_visitor import Visitor, hidden
from tests.stand_ins.outbox import Outbox

TEAM, NEW = "/redaktion/team", "ehrenamt@example.org"


@pytest.fixture
def outbox(app: Flask) -> Outbox:
    """Where the letters arrive."""
    box = Outbox("email")
    app.extensions["channels"]["email"] = box
    return box


@pytest.fixture
def administrator(app: Flask, session: Session, staff: Staff, outbox: Outbox) -> Visitor:
    """A browser of the administrator."""
    accounts.change(session, staff, ["admin"], [], [])
    return sign_in(app.test_client(), session, staff)


@pytest.fixture
def invite(administrator: Visitor, outbox: Outbox, session: Session) -> Callable[..., str]:
    """Invite somebody and read the path of the link in the letter."""
    def send(**form: object) -> str:
        answer = administrator.press(f"{TEAM}/einladen", **{
            "email": NEW, "roles": ["author"], **form})
        assert answer.status_code == 302, answer.text
        return read_letter(outbox)
    return send


def read_letter(outbox: Outbox) -> str:
    drain("email", "transactional")
    letter = outbox.sent[-1]
    assert letter.address == NEW
    assert letter.message.title == "Ihr Zugang zur Redaktion"
    assert letter.leave_url == ""
    found = re.search(r"/redaktion/einladung/\S+", letter.message.url)
    assert found
    return found[0]


def test_an_invited_person_sets_a_password_and_stands_at_the_desk(
        app: Flask, session: Session, invite: Callable[..., str],
        make_neighbourhood: Callable[..., Neighbourhood]) -> None:
    place = make_neighbourhood("hiddesen")
    path = invite(places=[str(place.id)])
    visitor = Visitor(app.test_client())
    assert NEW in visitor.read(path)
    weak = visitor.press(path, password="passwort12345")
    assert weak.status_code == 422
    assert "leicht zu erraten" in weak.text
    assert visitor.press(path, password="gießkanne fahrplan").location == "/redaktion/konto"
    assert "Hiddesen" in visitor.read("/redaktion/konto")
    assert visitor.get("/redaktion/").status_code == 200
    session.rollback()
    new = accounts.existing(session, NEW)
    assert [r.name for r in new.roles] == ["author"]
    assert session.scalars(select(Delivery.state)).one() == State.SENT


def test_a_link_holds_once_and_only_the_newest_and_for_three_days(
        app: Flask, session: Session, administrator: Visitor, outbox: Outbox,
        invite: Callable[..., str]) -> None:
    first = invite()
    number = accounts.existing(session, NEW).id
    administrator.press(f"{TEAM}/{number}", f"{TEAM}/{number}/einladen")
    second = read_letter(outbox)
    stranger = Visitor(app.test_client())
    assert stranger.get(first).status_code == 410
    assert stranger.press(second, password="gießkanne fahrplan").status_code == 302
    for used in (stranger.get(second), stranger.post(second, password="x")):
        assert used.status_code in (400, 410)
    assert "Diese Einladung gilt nicht mehr." in stranger.get(second).text
    staff = accounts.existing(session, NEW)
    stale = app.extensions["tokens"].make(
        Purpose.STAFF, number, challenge=staff.invitation,
        expires_at=utcnow() - timedelta(seconds=1))
    assert stranger.get(f"/redaktion/einladung/{stale}").status_code == 410
    assert stranger.get("/redaktion/einladung/unsinn").status_code == 410


def test_two_tabs_use_a_link_once(app: Flask, session: Session, invite: Callable[..., str]
                                  ) -> None:
    path = invite()
    pages = [Visitor(app.test_client()) for _ in range(2)]
    tokens = [hidden(page.get(path).text) for page in pages]
    answers = [page.post(path, password="gießkanne fahrplan", **token).status_code
               for page, token in zip(pages, tokens, strict=True)]
    assert answers == [302, 410]
    staff = accounts.existing(session, NEW)
    before = staff.invitation
    assert invitations.use_up(session, staff)
    assert staff.invitation == before + 1


def test_closing_an_account_ends_its_link(app: Flask, session: Session,
                                          invite: Callable[..., str]) -> None:
    path = invite()
    accounts.disable(session, accounts.existing(session, NEW))
    session.commit()
    assert Visitor(app.test_client()).get(path).status_code == 410


def test_opening_the_link_changes_nothing(app: Flask, session: Session,
                                          invite: Callable[..., str]) -> None:
    path = invite()
    for _ in range(3):  # a mail scanner
        Visitor(app.test_client()).get(path)
    assert Visitor(app.test_client()).press(
        path, password="gießkanne fahrplan").status_code == 302


@pytest.mark.parametrize(("form", "sentence"), [
    ({"email": "keine adresse"}, "Schreiben Sie die E-Mail-Adresse so"),
    ({"email": EDITOR}, "Diese Adresse hat schon ein Konto."),
    ({"roles": []}, "Bitte wählen Sie mindestens eine Aufgabe."),
    ({"roles": ["king"]}, "Bitte wählen Sie mindestens eine Aufgabe."),
])
def test_an_invitation_that_cannot_be_says_why_and_keeps_what_was_typed(
        session: Session, administrator: Visitor, form: dict[str, object], sentence: str) -> None:
    answer = administrator.press(f"{TEAM}/einladen", **{
        "email": NEW, "roles": ["author"], **form})
    assert answer.status_code == 422
    assert sentence in answer.text
    assert str(form.get("email", NEW)) in answer.text
    session.rollback()
    assert session.query(Staff).count() == 1
    assert session.query(Delivery).count() == 0


def test_roles_and_limits_are_changed_and_hold_from_the_next_page_on(
        app: Flask, session: Session, administrator: Visitor,
        make_neighbourhood: Callable[..., Neighbourhood]) -> None:
    place = make_neighbourhood("hiddesen")
    person = accounts.create(session, NEW, PASSWORD, "author", utcnow())
    session.commit()
    theirs = sign_in(app.test_client(), session, person)
    assert theirs.get("/redaktion/neu").status_code == 200
    page = f"{TEAM}/{person.id}"
    answer = administrator.press(page, roles=["clerk", "author"], places=[str(place.id)])
    assert answer.location == page
    assert "Schreiben, Bürgerbüro" in administrator.read(TEAM)
    administrator.press(page, roles=["clerk"])
    assert theirs.get("/redaktion/neu").status_code == 403
    assert theirs.get("/redaktion/").status_code == 302  # to where clerks begin
    entry = session.scalars(select(TrailEntry).order_by(TrailEntry.id.desc())).first()
    assert entry is not None
    assert (entry.action, entry.object_id) == ("staff.changed", str(person.id))
    assert '"roles":["author","clerk"]' in entry.before
    assert '"roles":["clerk"]' in entry.after


def test_the_last_administrator_can_neither_be_closed_nor_lose_the_role(
        session: Session, administrator: Visitor, staff: Staff) -> None:
    page = f"{TEAM}/{staff.id}"
    assert "letzte Konto" in administrator.press(page, roles=["editor"]).text
    administrator.press(page, f"{page}/sperren")
    assert "letzte Konto" in administrator.read(page)
    session.expire_all()
    assert staff.active
    assert [r.name for r in staff.roles] == ["admin"]


def test_closing_signing_out_and_resetting_end_sessions_at_once(
        app: Flask, session: Session, administrator: Visitor, outbox: Outbox) -> None:
    person = accounts.create(session, NEW, PASSWORD, "editor", utcnow())
    session.commit()
    page = f"{TEAM}/{person.id}"
    for deed in ("abmelden", "zuruecksetzen", "sperren"):
        theirs = sign_in(app.test_client(), session, person)
        assert theirs.get("/redaktion/").status_code == 200
        administrator.press(page, f"{page}/{deed}")
        assert theirs.get("/redaktion/").status_code == 302, deed
        session.expire_all()
    assert person.password is None
    assert not person.active
    administrator.press(page, f"{page}/freigeben")
    session.expire_all()
    assert person.active


def test_after_a_reset_the_letter_leads_back_in(
        app: Flask, session: Session, administrator: Visitor, outbox: Outbox) -> None:
    person = accounts.create(session, NEW, PASSWORD, "author", utcnow())
    session.commit()
    administrator.press(f"{TEAM}/{person.id}", f"{TEAM}/{person.id}/zuruecksetzen")
    path = read_letter(outbox)
    visitor = Visitor(app.test_client())
    assert visitor.press("/redaktion/anmelden", email=NEW, password=PASSWORD).status_code == 200
    assert visitor.press(path, password="gießkanne fahrplan").status_code == 302


def test_a_letter_stands_in_for_the_password_but_never_for_the_second_factor(
        app: Flask, session: Session, administrator: Visitor, outbox: Outbox) -> None:
    person = accounts.create(session, NEW, PASSWORD, "editor", utcnow())
    person.totp_secret = codes.new_secret()
    session.commit()
    administrator.press(f"{TEAM}/{person.id}", f"{TEAM}/{person.id}/einladen")
    path = read_letter(outbox)
    visitor = Visitor(app.test_client())
    assert "Passkey einrichten" not in visitor.read(path)
    assert visitor.press(path, password="gießkanne fahrplan").location == "/redaktion/anmelden"
    assert visitor.get("/redaktion/konto").status_code == 302
    next_step = visitor.press("/redaktion/anmelden", email=NEW, password="gießkanne fahrplan")
    assert next_step.location == "/redaktion/anmelden/code"


def test_a_letter_is_not_for_residents_eyes(session: Session, invite: Callable[..., str]) -> None:
    invite()
    row = session.scalars(select(Delivery)).one()
    assert (row.contact_id, row.announcement_id, row.outlet) == (None, None, NEW)
    session.execute(update(Delivery).values(outlet="x" * 250 + "@a.de"))  # a long one fits
    session.rollback()
