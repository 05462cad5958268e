"""The page about channels: how they fare, pausing, resuming, checking."""

from __future__ import annotations

import re
from datetime import datetime, timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from channels.base import Kind, Outcome
from civic_push.db import utcnow
from civic_push.delivery import pauses, tallies
from civic_push.delivery.models import ChannelPause
from civic_push.doctor import WORDS, Finding, Level
from civic_push.staff import accounts
from civic_push.staff.models import TrailEntry
from civic_push.web.desk.administration.channels import _until
from civic_push.web.desk.administration.findings import FINDINGS, sentence
from tests.civic_push.conftest import PASSWORD, sign_in
from tests.civic_push.desk_visitor import Visitor
from tests.stand_ins.outbox import Outbox


@pytest.fixture
def admin(app, client: FlaskClient, session: Session, now: datetime) -> Visitor:
    """Who administers, in a house that sends mails and SMS."""
    app.extensions["channels"] = {"email": Outbox(), "sms": Outbox("sms", per_second=5.0)}
    account = accounts.create(session, "verwaltung@example.org", PASSWORD, "admin", now)
    session.commit()
    return sign_in(client, session, account)


HOLD = "/redaktion/kanaele/email/anhalten"


def test_the_page_says_what_left_and_what_did_not(admin: Visitor, session: Session) -> None:
    now = utcnow()
    outcomes = [Outcome(Kind.SENT)] * 41 + [Outcome(Kind.LATER, "451 4.7.1 Greylisted")] * 7
    tallies.count(session, "email", outcomes, now)
    tallies.count(session, "sms", [Outcome(Kind.SENT), Outcome(Kind.GONE, "no such number")], now)
    tallies.add(session, {"email": 6}, tallies.EXPIRED, now)
    session.commit()
    page = admin.read("/redaktion/kanaele")
    assert "<strong>6</strong> nicht rechtzeitig hinausgegangen" in page
    assert "<dd>41</dd>" in page
    assert "451 4.7.1 Greylisted" in page
    assert "vorläufig nicht angenommen" in page
    assert page.count("<rect") == 2
    assert "<dd>weniger als 5</dd>" in page  # a single SMS is not told
    assert "5 in der Sekunde" in page
    assert "0 von 10.000 SMS-Teilen" in page
    assert page.count("nicht eingerichtet</span>") == 3


def test_a_channel_is_paused_with_a_reason_and_resumed(admin: Visitor, session: Session) -> None:
    answer = admin.press(HOLD, grund="Der Anbieter zieht um", bis="offen")
    assert answer.status_code == 303
    assert session.get_one(ChannelPause, "email").until == pauses.OPEN_END
    page = admin.read("/redaktion/kanaele")
    assert "E-Mail ist angehalten" in page
    assert "Grund: Der Anbieter zieht um" in page
    assert "wenn jemand den Kanal fortsetzt" in page
    assert "Der Anbieter zieht um" in admin.read("/redaktion/")
    admin.press("/redaktion/kanaele", "/redaktion/kanaele/email/fortsetzen")
    session.expire_all()
    assert session.get(ChannelPause, "email") is None
    actions = session.scalars(select(TrailEntry.action).order_by(TrailEntry.id)).all()
    assert actions[-2:] == ["channel.held", "channel.released"]
    admin.press("/redaktion/kanaele", "/redaktion/kanaele/email/fortsetzen")
    assert "war nicht mehr angehalten" in admin.read("/redaktion/kanaele")


def test_a_pause_without_reason_or_end_keeps_what_was_typed(
        admin: Visitor, session: Session) -> None:
    answer = admin.press(HOLD, grund="", bis="stunde")
    assert answer.status_code == 422
    assert "Schreiben Sie, warum" in answer.text
    assert 'value="stunde" checked' in answer.text
    endless = admin.press(HOLD, grund="Umzug <b>", bis="ewig")
    assert "Wählen Sie, wie lange" in endless.text
    assert 'value="Umzug &lt;b&gt;"' in endless.text
    assert admin.press(HOLD, grund="x" * 201, bis="offen").status_code == 422
    assert admin.get("/redaktion/kanaele/brieftaube/anhalten").status_code == 404
    assert session.get(ChannelPause, "email") is None


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_checking_names_what_is_missing_in_the_editors_language(
        admin: Visitor, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CIVIC_PUSH_EMAIL_ULR", "smtp://mail.example")
    answer = admin.press("/redaktion/kanaele", "/redaktion/kanaele/pruefen")
    assert answer.status_code == 200
    assert "Benachrichtigungen im Browser sind nicht eingerichtet" in answer.text
    assert ("<code>CIVIC_PUSH_EMAIL_ULR</code> ist gesetzt, aber eine solche Einstellung gibt es "
            "nicht.") in answer.text
    assert "Noch unsere Mustertexte: Impressum, " in answer.text
    assert "Die Warteschlange antwortet." in answer.text
    assert "Browser push" not in answer.text


def test_the_desk_has_words_for_all_that_the_doctor_finds(app: Flask) -> None:
    assert set(FINDINGS) == set(WORDS)
    with app.test_request_context():
        for code, words in WORDS.items():
            named = set(re.findall(r"{(\w+)}", words))
            used = set(re.findall(r"%\((\w+)\)s", str(FINDINGS[code])))
            assert used - {"setting"} <= named, code
            assert named - used <= {"setting"}, code
            said = sentence(Finding(Level.OK, code, **dict.fromkeys(named, "imprint")))
            assert "%(" not in said


def test_what_a_provider_says_is_marked_as_english_and_never_as_markup(app: Flask) -> None:
    with app.test_request_context():
        said = sentence(Finding(Level.ERROR, "channel_wrong", channel="email",
                                detail="<b>535</b> 100 % wrong"))
    assert said == ('E-Mail funktioniert nicht: <code lang="en">&lt;b&gt;535&lt;/b&gt; 100 % '
                    'wrong</code>')


@pytest.mark.parametrize(("at", "hours"), [
    ("2026-11-18T04:00+00:00", 1), ("2026-11-18T09:30+00:00", 19.5),
    ("2026-03-28T05:00+00:00", 23)])  # the night before the clocks go forward
def test_the_next_morning_is_on_the_town_s_clocks(at: str, hours: float) -> None:
    moment = datetime.fromisoformat(at)
    assert _until("morgen", moment) == moment + timedelta(hours=hours)
