"""Accounts and the command that makes them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from flask import Flask
from flask.cli import ScriptInfo
from flask_security import hash_password
from sqlalchemy.orm import Session

from civic_push.app import create_app
from civic_push.config import Settings
from civic_push.staff import accounts
from civic_push.staff.commands import COMMANDS
from civic_push.staff.models import Staff
from tests.civic_push.conftest import EDITOR, PASSWORD
from tests.conftest import SECRETS


def run(app: Flask, words: Sequence[str], typed: str = "") -> Result:
    info = ScriptInfo(create_app=lambda: app, set_debug_flag=False)
    return CliRunner().invoke(COMMANDS[0], list(words), obj=info, input=typed)


def test_a_password_is_kept_as_an_argon2_hash_only(staff: Staff) -> None:
    assert (staff.password or "").startswith("$argon2id$")
    assert PASSWORD not in (staff.password or "")


def test_hashing_is_as_slow_as_owasp_asks_where_no_test_hurries_it(tmp_path: Path) -> None:
    with create_app(Settings(var_dir=str(tmp_path), **SECRETS)).app_context():
        found = re.match(r"\$argon2id\$v=19\$m=(\d+),t=(\d+),", hash_password(PASSWORD))
    assert found
    assert int(found[1]) >= 19_456  # KiB; OWASP's Password Storage Cheat Sheet
    assert int(found[2]) >= 2


def test_an_address_has_one_account_however_it_is_spelled(
        session: Session, staff: Staff, now: datetime) -> None:
    with pytest.raises(accounts.BadAccount, match="has an account already"):
        accounts.create(session, " Redaktion@EXAMPLE.org ", PASSWORD, "editor", now)


@pytest.mark.parametrize(("email", "password", "role", "says"), [
    ("niemand", PASSWORD, "editor", "is no e-mail address"),
    ("neu@example.org", "kurz", "editor", "at least 12 characters"),
    ("neu@example.org", PASSWORD, "king", "no role king"),
])
def test_an_account_that_cannot_be_is_refused_in_one_sentence(
        app: Flask, session: Session, now: datetime,
        email: str, password: str, role: str, says: str) -> None:
    with pytest.raises(accounts.BadAccount, match=says):
        accounts.create(session, email, password, role, now)


def test_staff_add_prints_a_password_that_works(app: Flask, session: Session) -> None:
    done = run(app, ["add", "neu@example.org", "--role", "admin"])
    assert done.exit_code == 0, done.output
    password = done.output.split("(shown only now): ")[1].strip()
    account = accounts.existing(session, "neu@example.org")
    assert account.verify_and_update_password(password)
    assert [role.name for role in account.roles] == ["admin"]


def test_staff_add_can_ask_for_the_password_and_does_not_print_it(
        app: Flask, session: Session) -> None:
    done = run(app, ["add", "neu@example.org", "--ask"], f"{PASSWORD}\n{PASSWORD}\n")
    assert done.exit_code == 0, done.output
    assert PASSWORD not in done.output
    assert accounts.existing(session, "neu@example.org").verify_and_update_password(PASSWORD)


def test_staff_add_for_a_known_address_says_so_and_changes_nothing(
        app: Flask, session: Session, staff: Staff) -> None:
    before = staff.password
    done = run(app, ["add", EDITOR])
    assert done.exit_code == 1
    assert f"Error: {EDITOR} has an account already." in done.output
    session.refresh(staff)
    assert staff.password == before


def test_staff_list_names_roles_and_closed_accounts(app: Flask, staff: Staff) -> None:
    run(app, ["add", "chef@example.org", "--role", "admin"])
    assert run(app, ["disable", EDITOR]).exit_code == 0
    lines = run(app, ["list"]).output.splitlines()
    assert lines == ["chef@example.org  admin", f"{EDITOR}  editor  (disabled)"]


def test_staff_disable_for_an_unknown_address_says_so(app: Flask) -> None:
    done = run(app, ["disable", "fehlt@example.org"])
    assert done.exit_code == 1
    assert "There is no account for fehlt@example.org." in done.output


def test_staff_password_replaces_the_old_one(
        app: Flask, session: Session, staff: Staff) -> None:
    done = run(app, ["password", EDITOR])
    assert done.exit_code == 0, done.output
    session.expire_all()
    assert not staff.verify_and_update_password(PASSWORD)
    assert staff.verify_and_update_password(done.output.split("(shown only now): ")[1].strip())


def test_handed_out_passwords_differ_and_are_long() -> None:
    passwords = {accounts.new_password() for _ in range(50)}
    assert len(passwords) == 50
    assert min(map(len, passwords)) >= 20
