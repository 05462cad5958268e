"""Signing in at the desk, and staying out of it."""

from __future__ import annotations

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from civic_push.staff import accounts
from civic_push.staff.models import Staff
from tests.civic_push.conftest import EDITOR, PASSWORD
from tests.civic_push.desk_visitor import Visitor, hidden

SIGN_IN = "/redaktion/anmelden"
WRONG = "E-Mail-Adresse oder Passwort stimmen nicht."


def test_an_account_without_role_is_refused(
        session: Session, staff: Staff, editor: Visitor) -> None:
    staff.roles = []
    session.commit()
    assert editor.get("/redaktion/").status_code == 403


def test_nobody_can_register_or_recover_a_password_by_mail(client: FlaskClient) -> None:
    for path in ("/register", "/reset", "/login", "/logout", "/verify", "/fs-static/js/base64.js"):
        assert client.get(path).status_code == 404


def test_after_signing_in_the_editor_stands_on_the_page_he_asked_for(
        client: FlaskClient, staff: Staff) -> None:
    visitor = Visitor(client)
    asked = visitor.get("/redaktion/eingang?seite=2")
    answer = visitor.press(asked.location, SIGN_IN, email=EDITOR, password=PASSWORD)
    assert answer.status_code == 302
    assert answer.location == "/redaktion/eingang?seite=2"


@pytest.mark.parametrize("elsewhere", [
    "https://evil.example/", "//evil.example/", "/\\evil.example", "///evil.example",
    "https:evil.example", "javascript:alert(1)", "\thttps://evil.example"])
def test_signing_in_never_leads_to_somebody_elses_site(
        client: FlaskClient, staff: Staff, elsewhere: str) -> None:
    answer = Visitor(client).press(SIGN_IN, email=EDITOR, password=PASSWORD, next=elsewhere)
    if answer.status_code == 302:
        assert answer.location.startswith("/")
        assert not answer.location.startswith(("//", "/\\"))


def test_a_wrong_password_and_an_unknown_address_get_the_same_answer(
        client: FlaskClient, staff: Staff) -> None:
    def without_token(email: str, password: str) -> str:
        page = Visitor(client).press(SIGN_IN, email=email, password=password)
        assert page.status_code == 200
        token = hidden(page.text)["csrf_token"]
        return page.text.replace(token, "").replace(email, "")

    known = without_token(EDITOR, "falsch-falsch-falsch")
    assert WRONG in known
    assert without_token("fremd@example.org", "falsch-falsch-falsch") == known
    assert without_token(EDITOR, "") == known
    assert without_token("keine adresse", "x") == known


def test_a_closed_account_gets_the_same_answer_and_its_session_ends_at_once(
        session: Session, editor: Visitor) -> None:
    accounts.disable(session, accounts.existing(session, EDITOR))
    session.commit()
    assert editor.get("/redaktion/").status_code == 302
    page = editor.press(SIGN_IN, email=EDITOR, password=PASSWORD)
    assert page.status_code == 200
    assert WRONG in page.text


def test_a_new_password_ends_open_sessions(
        session: Session, staff: Staff, editor: Visitor) -> None:
    accounts.change_password(session, staff, "ein-ganz-anderes-wort")
    session.commit()
    assert editor.get("/redaktion/").status_code == 302


def test_guessing_ends_after_five_tries_also_with_the_right_password_and_for_nobody_else(
        app: Flask, client: FlaskClient, staff: Staff) -> None:
    visitor = Visitor(client)
    for _ in range(5):
        assert visitor.press(SIGN_IN, email=EDITOR, password="falsch-falsch").status_code == 200
    assert visitor.press(SIGN_IN, email=EDITOR, password=PASSWORD).status_code == 429
    elsewhere = Visitor(app.test_client())
    elsewhere.client.environ_base["REMOTE_ADDR"] = "192.0.2.7"
    assert elsewhere.press(SIGN_IN, email=EDITOR, password=PASSWORD).status_code == 302


def test_guessing_at_unknown_addresses_ends_just_as_soon(client: FlaskClient) -> None:
    visitor = Visitor(client)
    tries = [visitor.press(SIGN_IN, email="fremd@example.org", password="x" * 12).status_code
             for _ in range(6)]
    assert tries == [200] * 5 + [429]


@pytest.mark.parametrize("path", [SIGN_IN, f"{SIGN_IN}/wiederherstellen"])
def test_another_spelling_of_the_address_is_no_other_count(
        client: FlaskClient, staff: Staff, path: str) -> None:
    visitor = Visitor(client)
    wide = [EDITOR.replace(letter, chr(ord(letter) + 0xFEE0)) for letter in "xmp"]
    spelled = [EDITOR, EDITOR.upper(), *(EDITOR[:10] + one[10:] for one in wide)]
    tries = [visitor.press(path, email=email, password="falsch-falsch", code="x").status_code
             for email in (*spelled, EDITOR)]
    assert tries == [tries[0]] * 5 + [429]
    assert tries[0] in (200, 422)


@pytest.mark.parametrize("spelled", [f" {EDITOR.upper()} ", EDITOR.replace("x", "\uff58")])
def test_capitals_and_spaces_do_not_keep_anybody_out(
        client: FlaskClient, staff: Staff, spelled: str) -> None:
    assert Visitor(client).press(SIGN_IN, email=spelled, password=PASSWORD).status_code == 302


def test_an_address_that_only_the_database_finds_alike_is_another_one(
        client: FlaskClient, staff: Staff) -> None:
    dotted = EDITOR.replace("i", "\u0130")  # PostgreSQL's lower() makes an i of it
    assert WRONG in Visitor(client).press(SIGN_IN, email=dotted, password=PASSWORD).text


def test_signing_in_again_and_again_is_no_guessing(client: FlaskClient, staff: Staff) -> None:
    visitor = Visitor(client)
    for _ in range(7):
        assert visitor.press(SIGN_IN, email=EDITOR, password=PASSWORD).status_code == 302
        visitor.press("/redaktion/", "/redaktion/abmelden")


def test_signing_out_needs_a_button_and_ends_the_session(editor: Visitor) -> None:
    assert editor.get("/redaktion/abmelden").status_code == 405
    assert editor.get("/redaktion/").status_code == 200
    assert editor.press("/redaktion/", "/redaktion/abmelden").location == SIGN_IN
    assert editor.get("/redaktion/").status_code == 302


def test_the_sign_in_page_speaks_english_on_request(client: FlaskClient) -> None:
    assert 'lang="en"' in client.get(f"{SIGN_IN}?sprache=en").text


def test_pages_of_the_desk_are_kept_by_no_cache(editor: Visitor) -> None:
    assert editor.get("/redaktion/").headers["Cache-Control"] == "no-store"
