"""Second factors, recovery codes, passwords and sessions of those who work at the desk."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from passlib.totp import TOTP
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from civic_push.db import utcnow
from civic_push.staff import accounts, codes, passwords, sessions
from civic_push.staff.models import DeskSession, RecoveryCode, Staff
from tests.civic_push.conftest import EDITOR, PASSWORD, sign_in
from tests.civic_push.desk_visitor import Visitor, hidden

SIGN_IN, ACCOUNT, APP = "/redaktion/anmelden", "/redaktion/konto", "/redaktion/konto/app"
STEP = "/redaktion/anmelden/code"


def app_code(key: str, moment: datetime) -> str:
    """What an authenticator app shows for a key it has read."""
    return str(TOTP(key=key, format="base32").generate(time=moment).token)


def set_up_app(visitor: Visitor) -> tuple[str, list[str]]:
    """Read the key from the page and enter the first code; return key and recovery codes."""
    page = visitor.read(APP)
    found = re.search(r'desk-secret">([A-Z2-7 ]+)<', page)
    assert found
    key = found[1].replace(" ", "")
    answer = visitor.press(APP, code=app_code(key, utcnow()))
    assert answer.status_code == 200, answer.text
    return key, re.findall(r"<li><code>([a-z0-9-]+)</code>", answer.text)


def begin(client: FlaskClient) -> Visitor:
    """Get past the password."""
    visitor = Visitor(client)
    answer = visitor.press(SIGN_IN, email=EDITOR, password=PASSWORD)
    assert answer.location == "/redaktion/anmelden/code"
    return visitor


def test_the_app_s_code_comes_after_the_password_and_holds_once(
        app: Flask, session: Session, editor: Visitor, staff: Staff) -> None:
    key, given = set_up_app(editor)
    assert len(given) == codes.CODES
    visitor = begin(app.test_client())
    assert visitor.get("/redaktion/").status_code == 302  # half way is not in
    later = utcnow() + timedelta(seconds=30)  # the set-up has used this moment's code
    step = "/redaktion/anmelden/code"
    wrong = visitor.press(step, code="123 45")
    assert wrong.status_code == 422
    assert "Dieser Code stimmt nicht" in wrong.text
    assert 'value="123 45"' in wrong.text
    assert visitor.press(step, code=app_code(key, later)).location == "/redaktion/"
    assert visitor.get("/redaktion/").status_code == 200
    again = begin(app.test_client())
    assert again.press(step, code=app_code(key, later)).status_code == 422


def test_a_recovery_code_stands_in_for_the_app_once(app: Flask, session: Session,
                                                    editor: Visitor) -> None:
    _key, given = set_up_app(editor)
    step = "/redaktion/anmelden/code"
    spoken = given[3].upper().replace("-", " ")  # as somebody types it from paper
    assert begin(app.test_client()).press(step, code=spoken).location == "/redaktion/"
    assert begin(app.test_client()).press(step, code=given[3]).status_code == 422
    assert session.query(RecoveryCode).count() == codes.CODES - 1


def test_codes_are_stored_sealed_and_hashed(session: Session, editor: Visitor, staff: Staff
                                            ) -> None:
    key, given = set_up_app(editor)
    session.expire_all()
    assert key not in (staff.totp_secret or "")
    stored = [row.digest for row in session.scalars(select(RecoveryCode))]
    assert all(given[0].replace("-", "").encode() not in digest for digest in stored)


def test_guessing_the_second_factor_ends_after_five_tries(app: Flask, editor: Visitor) -> None:
    set_up_app(editor)
    visitor = begin(app.test_client())
    tries = [visitor.press("/redaktion/anmelden/code", code="000000").status_code
             for _ in range(6)]
    assert tries == [422] * 5 + [429]


def test_guessing_the_second_factor_from_many_networks_ends_too(
        app: Flask, editor: Visitor) -> None:
    set_up_app(editor)
    visitor = begin(app.test_client())
    page = hidden(visitor.get("/redaktion/anmelden/code").text)
    answers = []
    for number in range(51):
        visitor.client.environ_base["REMOTE_ADDR"] = f"192.0.2.{number}"
        answers.append(visitor.post("/redaktion/anmelden/code", code="0", **page).status_code)
    assert answers == [422] * 50 + [429]


def test_what_the_form_says_of_the_address_does_not_begin_another_count(
        app: Flask, editor: Visitor) -> None:
    set_up_app(editor)
    visitor = begin(app.test_client())
    page = hidden(visitor.get(STEP).text)
    tries = [visitor.post(STEP, **page, code="000000", email=f"x{number}@example.org").status_code
             for number in range(6)]
    assert tries == [422] * 5 + [429]


def test_the_password_once_more_gives_no_more_guesses_at_the_code(
        app: Flask, editor: Visitor) -> None:
    set_up_app(editor)
    tries = [begin(app.test_client()).press(STEP, code="aaaa-aaaa-aaaa-aaaa").status_code
             for _ in range(6)]
    assert tries == [422] * 5 + [429]


def test_guessing_many_accounts_second_factors_from_one_network_ends_too(
        app: Flask, session: Session) -> None:
    answers = []
    for number in range(7):
        address = f"person{number}@example.org"
        person = accounts.create(session, address, PASSWORD, "editor", utcnow())
        person.totp_secret = codes.new_secret()
        session.commit()
        visitor = Visitor(app.test_client())
        assert visitor.press(SIGN_IN, email=address, password=PASSWORD).location == STEP
        page = hidden(visitor.get(STEP).text)
        answers += [visitor.post(STEP, **page, code="0").status_code for _ in range(5)]
    assert answers == [422] * 30 + [429] * 5


def test_the_second_step_without_the_first_leads_back(client: FlaskClient) -> None:
    visitor = Visitor(client)
    for answer in (visitor.get("/redaktion/anmelden/code"),
                   visitor.press(SIGN_IN, "/redaktion/anmelden/code", code="000000")):
        assert answer.location == SIGN_IN


def test_who_must_have_a_second_factor_gets_no_further_than_where_one_gets_it(
        app: Flask, session: Session, staff: Staff, client: FlaskClient) -> None:
    visitor = Visitor(client)
    visitor.press(SIGN_IN, email=EDITOR, password=PASSWORD)
    for page in ("/redaktion/", "/redaktion/neu", "/redaktion/eingang"):
        assert visitor.get(page).location == ACCOUNT
    assert "Richten Sie jetzt eine zweite Sicherung ein." in visitor.read(ACCOUNT)
    set_up_app(visitor)
    assert visitor.get("/redaktion/").status_code == 200


def test_where_it_is_only_offered_the_password_is_enough(
        make_app: Callable[..., Flask], session: Session, staff: Staff) -> None:
    visitor = Visitor(make_app(second_factor="offered").test_client())
    visitor.press(SIGN_IN, email=EDITOR, password=PASSWORD)
    assert visitor.get("/redaktion/").status_code == 200


def test_authors_are_not_made_to_have_a_second_factor(
        session: Session, staff: Staff, client: FlaskClient) -> None:
    accounts.change(session, staff, ["author"], [], [])
    session.commit()
    visitor = Visitor(client)
    visitor.press(SIGN_IN, email=EDITOR, password=PASSWORD)
    assert visitor.get("/redaktion/").status_code == 200


@pytest.mark.parametrize("password", [
    "kurz", "passwort12345", "Password!2345", "123456789012", "qwertzuiop12", "aaaaaaaaaaaaa",
    "abababababab", "redaktion1234", "Detmold!2026!", "hallohallohallo", "x" * 201,
    "asdfghjklasdfghjkl"])
def test_passwords_that_guessers_try_first_are_refused(password: str) -> None:
    with pytest.raises(passwords.WeakPassword):
        passwords.check(password, EDITOR, "Detmold")


@pytest.mark.parametrize("password", [
    PASSWORD, "ein satz mit leerzeichen", "Gießkanne🌻Fahrplan", "nurkleinbuchstabenhier"])
def test_any_other_long_password_will_do(password: str) -> None:
    passwords.check(password, EDITOR, "Detmold")


def test_changing_the_password_asks_for_the_old_one_and_signs_other_browsers_out(
        app: Flask, session: Session, editor: Visitor, staff: Staff) -> None:
    elsewhere = sign_in(app.test_client(), session, staff)
    change = f"{ACCOUNT}/passwort"
    wrong = editor.press(ACCOUNT, change, old="falsch", new="gießkanne fahrplan")
    assert wrong.status_code == 422
    assert "Das ist nicht Ihr jetziges Passwort." in wrong.text
    weak = editor.press(ACCOUNT, change, old=PASSWORD, new="passwort12345")
    assert "leicht zu erraten" in weak.text
    assert elsewhere.get("/redaktion/").status_code == 200
    assert editor.press(ACCOUNT, change, old=PASSWORD, new="gießkanne fahrplan").location
    assert editor.get("/redaktion/").status_code == 200
    assert elsewhere.get("/redaktion/").status_code == 302


def test_sessions_are_listed_and_ended_one_by_one(
        app: Flask, session: Session, editor: Visitor, staff: Staff) -> None:
    other = sign_in(app.test_client(), session, staff)
    third = sign_in(app.test_client(), session, staff)
    page = editor.read(ACCOUNT)
    assert page.count("Firefox, Linux</strong>") == 3
    assert page.count(">dieses Gerät<") == 1
    number = re.findall(r"/konto/sitzungen/(\d+)/beenden", page)[-1]  # the older one
    editor.press(ACCOUNT, f"{ACCOUNT}/sitzungen/{number}/beenden")
    assert other.get("/redaktion/").status_code == 302
    assert third.get("/redaktion/").status_code == 200
    editor.press(ACCOUNT, f"{ACCOUNT}/sitzungen/andere")
    assert third.get("/redaktion/").status_code == 302
    assert editor.get("/redaktion/").status_code == 200


def test_nobody_ends_a_session_of_somebody_else(
        app: Flask, session: Session, editor: Visitor) -> None:
    other = accounts.create(session, "andere@example.org", PASSWORD, "editor", utcnow())
    session.commit()
    visitor = sign_in(app.test_client(), session, other)
    number = session.scalars(select(DeskSession.id).filter_by(staff_id=other.id)).one()
    editor.press(ACCOUNT, f"{ACCOUNT}/sitzungen/{number}/beenden")
    assert visitor.get("/redaktion/").status_code == 200


def test_a_session_ends_by_itself_after_twelve_idle_hours_and_after_a_week(
        session: Session, editor: Visitor) -> None:
    for old in ({"seen_at": utcnow() - sessions.IDLE}, {"created_at": utcnow() - sessions.LONGEST}):
        session.execute(update(DeskSession).values(**old))
        session.commit()
        assert editor.get("/redaktion/").status_code == 302
        sessions.forget_ended(session, utcnow())
        assert session.query(DeskSession).count() == 0
        session.add(DeskSession(staff_id=1, digest=b"x" * 32, created_at=utcnow(),
                                seen_at=utcnow()))


def test_being_there_is_noted_every_few_minutes(session: Session, editor: Visitor) -> None:
    before = utcnow() - timedelta(minutes=10)
    session.execute(update(DeskSession).values(seen_at=before))
    session.commit()
    editor.get("/redaktion/")
    assert session.scalars(select(DeskSession.seen_at)).one() > before + timedelta(minutes=5)


def test_a_session_left_open_does_not_change_keys(session: Session, editor: Visitor) -> None:
    session.execute(update(DeskSession).values(created_at=utcnow() - sessions.FRESH))
    session.commit()
    for path in ("app/entfernen", "codes", "passkey", "passwort"):
        answer = editor.press(ACCOUNT, f"{ACCOUNT}/{path}")
        assert answer.location.startswith(SIGN_IN), path


def test_strangers_guesses_do_not_lock_out_a_browser_that_has_been_in_before(
        app: Flask, client: FlaskClient, staff: Staff) -> None:
    known = Visitor(client)
    known.press(SIGN_IN, email=EDITOR, password=PASSWORD)
    known.press(ACCOUNT, "/redaktion/abmelden")
    stranger = Visitor(app.test_client())  # in the same network
    for _ in range(6):
        last = stranger.press(SIGN_IN, email=EDITOR, password="falsch-falsch")
    assert last.status_code == 429
    assert "Mit einem Passkey können Sie sich sofort anmelden." in last.text
    assert 0 < int(last.headers["Retry-After"]) <= 900
    assert known.press(SIGN_IN, email=EDITOR, password=PASSWORD).status_code == 302


def test_a_recovery_code_alone_opens_only_an_account_without_password(
        app: Flask, session: Session, staff: Staff) -> None:
    code, spare = codes.new_recovery_codes(session, staff)[:2]
    session.commit()
    path = "/redaktion/anmelden/wiederherstellen"
    visitor = Visitor(app.test_client())
    refused = visitor.press(path, email=EDITOR, code=code)
    assert refused.status_code == 422
    assert "Adresse und Code passen nicht zusammen" in refused.text
    staff.password = None
    session.commit()
    assert visitor.press(path, email=EDITOR, code=code).location == ACCOUNT
    assert visitor.get("/redaktion/").status_code == 200
    assert Visitor(app.test_client()).press(path, email=EDITOR, code=code).status_code == 422
    assert Visitor(app.test_client()).press(
        path, email="wer@example.org", code=spare).status_code == 422


def test_a_passkey_answer_that_proves_nothing_is_refused_in_one_sentence(
        client: FlaskClient, editor: Visitor) -> None:
    visitor = Visitor(client.application.test_client())
    for credential in ("", "kein JSON", "[]", '{"rawId": 7}', '{"rawId": "AAAA"}'):
        answer = visitor.press(SIGN_IN, f"{SIGN_IN}/passkey", credential=credential)
        assert answer.location.startswith(SIGN_IN)
        assert "wurde nicht angenommen" in visitor.read(SIGN_IN)
        kept = editor.press(ACCOUNT, f"{ACCOUNT}/passkey", credential=credential)
        assert kept.location == ACCOUNT
    assert "Der Passkey wurde nicht gespeichert." in editor.read(ACCOUNT)
