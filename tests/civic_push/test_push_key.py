"""`civic-push rotate-push-key`: a new key first, the older ones kept until they are forgotten."""

from __future__ import annotations

import json
import os
import stat
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from sqlalchemy import select

from channels.vapid import application_server_keys, blocks, new_private_key
from civic_push import push_key
from civic_push.db import db
from civic_push.delivery.models import Delivery, Purpose
from subscriptions.models import Contact, ContactState
from tests.stand_ins.browser_keys import Browser

KEY, OLDER = new_private_key(), new_private_key()
NAME = "CIVIC_PUSH_VAPID_PRIVATE_KEY_FILE"


@pytest.fixture
def key_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the operator keeps the key."""
    path = tmp_path / "vapid_private_key"
    path.write_text(KEY)
    path.chmod(0o640)
    monkeypatch.setenv(NAME, str(path))
    return path


@pytest.fixture
def rotate(make_app, app):
    """Run the command in an app that has these keys."""
    def run(keys: str, *options: str, answer: str = "") -> Result:
        db.session.rollback()  # SQLite has one writer: the test's own session must not hold on
        with make_app(vapid_private_key=keys).app_context():
            done = CliRunner().invoke(push_key.rotate_push_key, options, input=answer)
        if done.exception is not None and not isinstance(done.exception, SystemExit):
            raise done.exception
        return done
    return run


@pytest.fixture
def browsers(make_app, make_contact):
    """One browser for each key that there is."""
    def sign_up(keys: str) -> list[Contact]:
        channel = make_app(vapid_private_key=keys).extensions["channels"]["push"]
        return [make_contact("push", channel.clean(json.dumps({
            **Browser(f"https://fcm.googleapis.com/fcm/send/{n}").subscription, "key": key})))
            for n, key in enumerate(application_server_keys(keys))]
    return sign_up


def test_a_new_key_stands_before_the_present_one_and_the_file_stays_private(
        rotate, browsers, key_file):
    browsers(KEY)
    done = rotate(KEY)
    assert done.exit_code == 0
    newest, before = blocks(key_file.read_text())
    assert before == KEY
    assert newest not in (KEY, OLDER)
    assert stat.S_IMODE(key_file.stat().st_mode) == 0o640
    assert "1 browser(s) go on with their older one" in done.output
    assert "PRIVATE KEY" not in done.output
    assert os.listdir(key_file.parent).count("vapid_private_key") == 1


def test_without_a_file_the_setting_to_write_is_shown(rotate, monkeypatch):
    monkeypatch.delenv(NAME, raising=False)
    shown = rotate(KEY).output.split('"""')[1].strip() + "\n"
    assert blocks(shown)[1:] == [KEY]


def test_old_keys_are_forgotten_at_once_where_nobody_needs_them(rotate, browsers, key_file):
    browsers(KEY)
    done = rotate(KEY + OLDER, "--forget-old")
    assert done.exit_code == 0
    assert key_file.read_text() == KEY
    assert "1 older key(s) forgotten, 0 contact(s) ended" in done.output


def test_who_still_needs_an_old_key_is_not_dropped_without_asking(
        session, rotate, browsers, key_file):
    browsers(KEY + OLDER)
    done = rotate(KEY + OLDER, "--forget-old", answer="n\n")
    assert done.exit_code == 1
    assert "1 browser(s) still need an older key" in done.output
    assert key_file.read_text() == KEY
    session.rollback()
    assert len(session.scalars(select(Contact)).all()) == 2


def test_forgetting_hands_over_to_stand_ins(session, rotate, browsers, key_file, now):
    kept, lost = browsers(KEY + OLDER)
    session.add(Contact(subscriber=lost.subscriber, channel="email", stands_in=True,
                        created_at=now, state=ContactState.ACTIVE))
    session.commit()
    wanted = kept.id
    done = rotate(KEY + OLDER, "--forget-old", "--yes")
    assert "1 contact(s) ended" in done.output
    session.rollback()
    assert [(c.id == wanted, c.channel, c.stands_in) for c in session.scalars(
        select(Contact).order_by(Contact.channel))] == [
        (False, "email", False), (True, "push", False)]
    assert session.scalars(select(Delivery.purpose)).all() == [Purpose.STAND_IN]


def test_a_file_that_cannot_be_written_is_said_in_one_sentence(rotate, monkeypatch, tmp_path):
    monkeypatch.setenv(NAME, str(tmp_path / "away" / "key"))
    done = rotate(KEY)
    assert done.exit_code == 1
    assert done.output.strip().splitlines()[-1].endswith(
        "away/key cannot be written: No such file or directory.")


def test_without_push_there_is_nothing_to_rotate(rotate):
    done = rotate("")
    assert done.exit_code == 1
    assert "Browser push is not set up" in done.output


def test_addresses_that_do_not_open_end_nobody(session, rotate, browsers, key_file):
    contact, = browsers(KEY)
    contact.address = b"damaged" * 10
    session.commit()
    done = rotate(KEY + OLDER, "--forget-old", "--yes")
    assert done.exit_code == 1
    assert "Nothing was changed" in done.output
    session.rollback()
    assert len(session.scalars(select(Contact)).all()) == 1
