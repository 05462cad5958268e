"""What leaves, seen beforehand, and a trial of it to oneself: held against what really leaves,
through a real SMTP server."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage

import pytest
from flask import Flask
from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from channels.base import Urgency
from channels.vapid import new_private_key
from civic_push.announcements import preview, publishing, trials
from civic_push.announcements.models import Announcement, AnnouncementKind, AnnouncementText
from civic_push.announcements.preview import Previewer, Reader
from civic_push.announcements.publishing import Draft
from civic_push.config import OutletSetting, settings
from civic_push.db import db, utcnow
from civic_push.delivery.drain import drain
from civic_push.delivery.fan_out import fan_out
from civic_push.delivery.models import Delivery, Lane, Purpose, State, Trial
from civic_push.staff.models import Staff, TrailEntry
from subscriptions.models import Contact, Frequency, Register, Topic
from tests.civic_push.conftest import EDITOR
from tests.civic_push.desk_visitor import Visitor
from tests.stand_ins.smtp_sink import SmtpSink

Make = Callable[..., Announcement]


@pytest.fixture
def sink() -> Iterator[SmtpSink]:
    """The town's mail relay."""
    with SmtpSink(keep=True) as server:
        yield server


@pytest.fixture
def app(make_app: Callable[..., Flask], sink: SmtpSink) -> Iterator[Flask]:
    """An app with every channel set up; only mail leaves in these tests."""
    app = make_app(
        email_url=f"mailto://127.0.0.1:{sink.port}?from=stadt@example.org",
        sms_url="json://127.0.0.1:1/{to}", sms_segment_cents=7.5, telegram_token="1:x",
        telegram_bot="bot", vapid_private_key=new_private_key(), outlets=(OutletSetting("Mastodon", "json://127.0.0.1:1"),
                                     OutletSetting("Nur Kultur", "json://127.0.0.1:1",
                                                   topics=("kultur",))))
    with app.app_context():
        yield app


@pytest.fixture
def topic(make_topic: Callable[..., Topic]) -> Topic:
    return make_topic("verkehr", name="Verkehr")


@pytest.fixture
def announcement(make_announcement: Make, topic: Topic) -> Announcement:
    return make_announcement(
        topics=[topic.id], title="Brücke über die Werre gesperrt",
        body="Die Brücke ist **bis Freitag** zu. [Umleitung](https://example.org/u?a=1&b=2)",
        plain_body="Die Brücke ist zu. Bis Freitag.")


def mails(sink: SmtpSink) -> list[EmailMessage]:
    """What the relay took."""
    return [message_from_bytes(raw, policy=policy.default) for _to, raw in sink.mails]


def body(mail: EmailMessage, kind: str) -> str:
    """One part, its personal links made the sample's."""
    part = mail.get_body(preferencelist=(kind,))
    assert part is not None
    return re.sub(r"/(abmelden|einstellungen)/[\w-]{38}", r"/\1/" + ("Beispiel" * 5)[:38],
                  part.get_content())


@contextmanager
def previewing(session: Session, announcement: Announcement) -> Iterator[Previewer]:
    """Previews as the page makes them; SQLite's one writer must not be this test."""
    number = announcement.id
    session.commit()
    with Session(db.engine) as own:
        yield Previewer(own, settings(), number, utcnow())


def publish_and_send(session: Session, announcement: Announcement) -> None:
    """Publish, and do the workers' part now."""
    publishing.publish(session, announcement, utcnow())
    fan_out(announcement.id)
    drain("email", Lane.NORMAL)


@pytest.mark.parametrize("register", list(Register))
def test_the_previewed_mail_is_the_mail_that_leaves(
        app: Flask, session: Session, sink: SmtpSink, announcement: Announcement, topic: Topic,
        make_contact: Callable[..., Contact], register: Register) -> None:
    make_contact(pairs=((topic, None),), subscriber={"register": register, "language": "en"})
    with previewing(session, announcement) as previewer:
        message = previewer.message(Reader("en", register), "email")
        seen = preview.mail(app.extensions["channels"]["email"], message, settings())
    publish_and_send(session, announcement)
    mail, = mails(sink)
    assert seen.html == body(mail, "html")
    assert seen.text == body(mail, "plain")
    shown = dict(seen.headers)
    for name in ("Subject", "From", "List-Id", "Content-Language", "List-Unsubscribe-Post"):
        assert shown[name] == mail[name], name


def test_the_previewed_digest_is_made_as_digests_are(
        session: Session, announcement: Announcement, make_announcement: Make,
        topic: Topic) -> None:
    for title in ("Alt", "Neuer", "Am neuesten"):
        publishing.publish(session, make_announcement(title=title, topics=[topic.id]), utcnow())
    with previewing(session, announcement) as previewer:
        message = previewer.message(Reader(digest=True), "email")
    assert message.key.startswith("d")
    for title in ("Brücke über die Werre gesperrt", "Neuer", "Am neuesten"):
        assert title in message.html
    assert "Alt" not in message.html


def test_each_channel_shows_what_it_would_hand_over(
        editor: Visitor, announcement: Announcement) -> None:
    page = f"/redaktion/{announcement.id}/vorschau"
    assert "Stadt Detmold: Brücke über die Werre gesperrt." in editor.read(f"{page}?kanal=sms")
    # with the link to leave, which stands in each where no "STOP" can be answered
    assert "15 Cent je Nummer" in editor.read(f"{page}?kanal=sms")
    assert "<b>bis Freitag</b>" in editor.read(f"{page}?kanal=telegram")
    push = editor.read(f"{page}?kanal=push")
    assert "nicht eingerichtet" not in push
    assert "Brücke ist bis Freitag zu" in push
    outlet = editor.read(f"{page}?kanal=outlet")
    assert "<h3>Mastodon</h3>" in outlet
    assert "Nur Kultur" not in outlet


def test_the_page_says_whose_text_each_reader_gets_and_what_the_sms_costs(
        editor: Visitor, session: Session, announcement: Announcement) -> None:
    session.add(AnnouncementText(announcement_id=announcement.id, language="tr",
                                 register=Register.STANDARD, title="Köprü kapalı", body="Cuma."))
    session.commit()
    page = editor.read(f"/redaktion/{announcement.id}/vorschau?kanal=push&sprache=tr")
    assert "Köprü kapalı" in page
    rows = {re.sub(r"<[^>]+>", "", row.split("</th>")[0].partition(">")[2]): row
            for row in page.partition("Wer bekommt welchen Text?")[2].split('scope="row"')[1:]}
    assert "einen eigenen Text" in rows["Türkçe, Standardsprache"]
    assert "Türkçe, Standardsprache" in rows["Türkçe, Einfache Sprache"].split("</a>")[1]
    assert "Deutsch, Einfache Sprache" in rows["English, Einfache Sprache"].split("</a>")[1]
    assert "2 Teile, 15 Cent" in rows["Deutsch, Einfache Sprache"]


def test_the_mail_s_own_page_can_do_nothing(editor: Visitor, announcement: Announcement) -> None:
    frame = editor.get(f"/redaktion/{announcement.id}/vorschau")
    assert "frame-src 'self'" in frame.headers["Content-Security-Policy"]
    assert '<iframe class="preview-mail" sandbox ' in frame.text
    mail = editor.get(f"/redaktion/{announcement.id}/vorschau/mail?form=einfach")
    rules = mail.headers["Content-Security-Policy"]
    assert "default-src 'none'" in rules
    assert "sandbox" in rules
    assert "script-src" not in rules
    assert mail.headers["X-Frame-Options"] == "SAMEORIGIN"
    assert mail.headers["Cache-Control"] == "no-store"
    assert "Die Brücke ist zu." in mail.text


def test_what_the_address_asks_wrongly_is_shown_as_usual(
        editor: Visitor, announcement: Announcement) -> None:
    page = editor.read(f"/redaktion/{announcement.id}/vorschau?kanal=fax&sprache=xx&form=%00&"
                       "sammlung=vielleicht&zuerst=ja")
    assert "E-Mail, Deutsch, Standardsprache" in page


def test_a_correction_is_previewed_beneath_what_it_corrects_and_alone(
        editor: Visitor, session: Session, announcement: Announcement, topic: Topic) -> None:
    publishing.publish(session, announcement, utcnow())
    correction = publishing.save(session, Draft(
        title="Brücke doch frei", body="Sie ist frei.", topics=[topic.id], change="Doch frei.",
        kind=AnnouncementKind.CORRECTION), utcnow(), follows=announcement)
    session.commit()
    page = f"/redaktion/{correction.id}/vorschau?kanal=push"
    assert "Korrektur: Brücke doch frei" in editor.read(page)
    alone = editor.read(f"{page}&zuerst=ja")
    assert "Korrektur: Brücke doch frei" not in alone
    assert "Sie erhalten diese Nachricht, weil" in alone


def test_a_channel_that_is_not_set_up_says_so(
        make_app: Callable[..., Flask], announcement: Announcement, editor: Visitor, app: Flask
        ) -> None:
    app.extensions["channels"] = {}
    page = editor.read(f"/redaktion/{announcement.id}/vorschau")
    assert "Dieser Kanal ist nicht eingerichtet." in page
    assert editor.get(f"/redaktion/{announcement.id}/vorschau/mail").status_code == 302
    answer = editor.press(f"/redaktion/{announcement.id}/vorschau",
                          f"/redaktion/{announcement.id}/test", an="email")
    assert "Wählen Sie aus, wohin" in editor.read(answer.location)


def test_a_trial_goes_to_oneself_marked_and_is_no_delivery_of_the_announcement(
        editor: Visitor, session: Session, sink: SmtpSink, announcement: Announcement,
        staff: Staff) -> None:
    page = f"/redaktion/{announcement.id}/vorschau"
    answer = editor.press(page, f"/redaktion/{announcement.id}/test", an="email", sprache="en",
                          form="einfach", kanal="email")
    assert "Der Test ist unterwegs: E-Mail." in editor.read(answer.location)
    drain("email", Lane.TRANSACTIONAL)
    mail, = mails(sink)
    assert mail["To"] == f"<{EDITOR}>" or mail["To"] == EDITOR
    assert mail["Subject"] == "[Test] Brücke über die Werre gesperrt"
    assert mail["List-Unsubscribe"] is None
    assert "Die Brücke ist zu." in body(mail, "plain")
    assert session.scalar(select(func.count()).select_from(Delivery).where(
        Delivery.announcement_id == announcement.id)) == 0
    done = session.scalars(select(TrailEntry.action).where(TrailEntry.actor ==
                                                           f"staff:{staff.id}")).all()
    assert "announcement.tried" in done


def test_trials_reach_only_inboxes_confirmed_beside_ones_own_address(
        editor: Visitor, session: Session, announcement: Announcement,
        make_contact: Callable[..., Contact], app: Flask) -> None:
    own = make_contact("email", EDITOR)
    seals = app.extensions["seals"]
    phone = make_contact("sms", "+4915112345678")
    session.execute(update(Contact).where(Contact.id == phone.id)
                    .values(subscriber_id=own.subscriber_id))
    stranger = make_contact("sms", "+4915187654321")
    session.commit()
    assert seals.fingerprint("email", EDITOR) == own.fingerprint
    page = editor.read(f"/redaktion/{announcement.id}/vorschau")
    assert f'id="an-{phone.id}"' in page
    assert f'id="an-{stranger.id}"' not in page
    editor.press(f"/redaktion/{announcement.id}/vorschau", f"/redaktion/{announcement.id}/test",
                 an=str(stranger.id))
    assert session.scalar(select(func.count()).select_from(Delivery)) == 0
    editor.press(f"/redaktion/{announcement.id}/vorschau", f"/redaktion/{announcement.id}/test",
                 an=str(phone.id))
    row = session.execute(select(Delivery)).scalar_one()
    assert (row.contact_id, row.channel, row.purpose) == (phone.id, "sms", Purpose.TRIAL)


def test_whoever_tries_too_often_is_told_and_nothing_is_sent(
        session: Session, staff: Staff, announcement: Announcement, now: datetime) -> None:
    for _ in range(trials.MOST_AN_HOUR):
        trials.order(session, staff, announcement.id, [], "de", "standard", now)
    with pytest.raises(trials.TooManyTrials):
        trials.order(session, staff, announcement.id, [], "de", "standard", now)
    later = now + timedelta(minutes=61)
    assert trials.order(session, staff, announcement.id, [], "de", "standard", later) == ["email"]
    trials.order(session, staff, announcement.id, [], "de", "standard", now + timedelta(days=9))
    assert session.scalar(select(func.count()).select_from(Trial)) == 1


def test_a_trial_of_a_text_changed_meanwhile_shows_the_newer_one(
        session: Session, staff: Staff, announcement: Announcement, sink: SmtpSink) -> None:
    trials.order(session, staff, announcement.id, [], "de", "standard", utcnow())
    announcement.text("de", "standard").title = "Brücke frei"
    session.commit()
    drain("email", Lane.TRANSACTIONAL)
    assert mails(sink)[0]["Subject"] == "[Test] Brücke frei"
    assert session.execute(select(Delivery.state)).scalar_one() == State.SENT


def test_the_page_tells_who_will_get_it_and_hides_small_numbers_together(
        editor: Visitor, session: Session, announcement: Announcement, topic: Topic,
        make_contact: Callable[..., Contact]) -> None:
    for number in range(6):
        make_contact(pairs=((topic, None),),
                     frequency=Frequency.DAILY if number < 2 else Frequency.NOW)
    for number in range(5):
        make_contact("sms", f"+49151123456{number:02}", pairs=((topic, None),))
    page = editor.read(f"/redaktion/{announcement.id}/vorschau")
    rows = {row.split("</th>")[0].rpartition(">")[2]: row
            for row in page.partition("Wer bekommt sie?")[2].split('scope="row"')[1:]}
    assert ">6<" in rows["E-Mail"]
    assert "zu wenige, um sie aufzuteilen" in rows["E-Mail"]  # 4 at once, 2 by digest
    assert ">5<" in rows["SMS"]
    assert ">11<" in rows["Alle Kanäle"]
    assert "SMS: etwa 10 Teile, etwa 0,75 Euro" in page
    session.execute(update(Announcement).values(urgency=Urgency.DANGER))
    session.commit()
    page = editor.read(f"/redaktion/{announcement.id}/vorschau")
    assert "zu wenige" not in page  # nobody waits for a digest then
