"""What arrives: each message in the reader's language and register, alone or in a digest."""

from __future__ import annotations

import email
import email.policy
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask_babel import force_locale
from sqlalchemy.orm import Session, scoped_session

from channels import gsm7, mail_template, push_payload, sms, telegram_text
from channels.base import Envelope, Message, Urgency
from channels.mail_template import Letterhead
from civic_push.announcements.models import Announcement, AnnouncementKind, AnnouncementText
from civic_push.config import settings
from civic_push.db import db
from civic_push.delivery import digests
from civic_push.delivery.claiming import Claimed
from civic_push.delivery.compose import Composer, Reason
from civic_push.delivery.digests import Digests
from civic_push.delivery.models import Purpose
from civic_push.delivery.notices import notice
from civic_push.delivery.previews import sms_preview
from civic_push.delivery.staff_letters import DESK_LETTERS
from subscriptions.models import Neighbourhood, Register, Topic
from tests.channels.test_mail_template import Tags

DATA = Path(__file__).parents[1] / "data"
LETTERHEAD = Letterhead("news@example.org", "Stadt Detmold", "", "push.example.org")
LINK = "https://push.example.org/"
EVENING = datetime(2026, 11, 18, 17, tzinfo=UTC)
ALL: Reason = (None, None, True)
LONG = ("Ab **Montag** ist die Paulinenstraße zwischen Bahnhof und Hornscher Straße voll "
        "gesperrt.\n\n## Umleitung\n\n- Autos fahren über die [Lagesche Straße]"
        "(https://www.detmold.de/plan).\n- Wer zu Fuß geht, kommt durch.")
PLAIN = "Die Straße ist zu. Das ist ab Montag so.\n\nSie können dort nicht fahren."

Publish = Callable[..., int]
Compose = Callable[..., Message]


@pytest.fixture
def publish(session: Session, now: datetime) -> Publish:
    """Store an announcement with its texts: (language, register, title, body, short)."""
    def make(*texts: tuple[str, str, str, str, str], topics: tuple[Topic, ...] = (),
             places: tuple[Neighbourhood, ...] = (), **columns: Any) -> int:
        announcement = Announcement(**{
            "created_at": now, "published_at": now, "expires_at": now + timedelta(days=3),
            "topics": list(topics), "neighbourhoods": list(places), **columns})
        announcement.texts = [
            AnnouncementText(language=language, register=Register(register), title=title,
                             body=body, short=short)
            for language, register, title, body, short in texts]
        session.add(announcement)
        session.commit()
        return announcement.id
    return make


@pytest.fixture
def compose(app: Flask, session: Session) -> Compose:
    """What a reader gets of one announcement."""
    def make(number: int, language: str = "de", register: str = "standard",
             reason: Reason = ALL) -> Message:
        composer = Composer(session, settings())
        composer.load({number})
        return composer.message(number, language, register, reason)
    return make


@pytest.fixture
def digest(app: Flask, session: Session) -> Compose:
    """What a reader gets of several."""
    def make(*numbers: int, language: str = "de", channel: str = "email",
             reasons: dict[int, Reason] | None = None) -> Message:
        composer = Composer(session, settings())
        composer.load(set(numbers))
        wanted = tuple((number, (reasons or {}).get(number, ALL), False) for number in numbers)
        return Digests(composer, EVENING, channel).message(wanted, language, "standard")
    return make


def mail(message: Message) -> tuple[str, str]:
    """Text and HTML of the mail, as a mail program decodes them."""
    raw = mail_template.compose(message, LETTERHEAD, True, True).fill(
        Envelope(1, "a@example.org", message, f"{LINK}l/1", f"{LINK}e/1"),
        b"Wed, 18 Nov 2026 18:00:00 +0100")
    parsed = email.message_from_bytes(raw, policy=email.policy.SMTP.clone(raise_on_defect=True))
    bodies = [parsed.get_body((kind,)) for kind in ("plain", "html")]
    text, html = (str(body.get_content()).replace("\r\n", "\n") for body in bodies if body)
    return text, html


def standard(title: str = "Sperrung", body: str = LONG, short: str = ""
             ) -> tuple[str, str, str, str, str]:
    return ("de", "standard", title, body, short)


def test_a_reader_gets_his_own_words_without_a_label(publish: Publish, compose: Compose) -> None:
    number = publish(standard(), ("en", "standard", "Road closed", "From Monday.", ""),
                     ("de", "plain", "Die Straße ist zu", PLAIN, ""))
    for language, register, title in (("de", "standard", "Sperrung"),
                                      ("en", "standard", "Road closed"),
                                      ("de", "plain", "Die Straße ist zu")):
        message = compose(number, language, register)
        assert (message.title, message.note, message.mark) == (title, "", "")
        assert (message.language, message.text_language) == (language, "")
        assert message.plain is (register == "plain")


@pytest.mark.parametrize(("language", "register"), [
    ("de", "plain"), ("uk", "standard"), ("en", "plain")])
def test_a_fallback_is_stated_on_every_channel(
        publish: Publish, compose: Compose, language: str, register: str) -> None:
    message = compose(publish(standard(short="Ab Montag zu.")), language, register)
    note, mark = message.note, message.mark
    assert note
    assert mark.startswith("(")
    text, html = mail(message)
    assert note in text.replace(" \n", " ")
    assert note in html
    assert f"<i>{note}</i>" in telegram_text.compose(message, True, True)
    assert f"Ab Montag zu. {mark}" in push_payload.payload(message).decode()
    assert gsm7.plain(mark) in sms.compose(message, 2)


def test_a_german_text_in_an_arabic_mail_says_so_to_screen_readers(
        publish: Publish, compose: Compose) -> None:
    _text, html = mail(compose(publish(standard()), "ar"))
    tags = Tags(html).tags
    assert tags[0] == ("html", {"lang": "ar", "dir": "rtl"})
    german = [tag for tag, given in tags if given.get("lang") == "de" and given["dir"] == "ltr"]
    assert german == ["title", "div", "div"]  # title, preview, and what is said
    inside = html.split('<div lang="de" dir="ltr">', 1)[1]
    assert inside.index("<h1") < inside.index("Umleitung") < inside.index("</div>")


def test_einfache_sprache_is_laid_out_for_it(publish: Publish, compose: Compose) -> None:
    number = publish(standard(), ("de", "plain", "Die Straße ist zu", PLAIN, ""))
    message = compose(number, "de", "plain")
    text, html = mail(message)
    assert "Die Straße ist zu.<br>\nDas ist ab Montag so." in html
    assert "\nDie Straße ist zu.\nDas ist ab Montag so.\n" in text
    assert "font:1.25em/1.75" in html
    assert "hyphens:manual" in html
    assert "\u00ad" not in html
    assert message.url.endswith(f"/meldungen/{number}?form=einfach")
    assert sms.compose(message, 1).startswith(
        "Stadt Detmold: Die Straße ist zu. Das ist ab Montag so. Sie")
    assert "/e/" in sms.compose(message, 2)


def test_an_sms_has_the_title_a_whole_thought_and_a_short_link(
        publish: Publish, compose: Compose) -> None:
    number = publish(standard())
    assert sms.compose(compose(number), 2) == (
        "Stadt Detmold: Sperrung. Ab Montag ist die Paulinenstraße zwischen Bahnhof und "
        "Hornscher Straße voll gesperrt. http://localhost/m/" + f"{number}")


@pytest.mark.parametrize(("body", "beginning"), [
    ("# Das gilt\n\nAb [Montag](https://x.example/) ist die Straße wegen eines Rohrbruchs für "
     "alle zu. Bis Mai.\n\nMehr.",
     "Ab Montag ist die Straße wegen eines Rohrbruchs für alle zu."),
    ("Es ist zu:\n\n- die B 239\n- die B 238", "Es ist zu: - die B 239 - die B 238"),
    ("## Nur das", ""), ("", "")])
def test_what_stands_alone_begins_with_a_sentence_not_with_a_heading(
        publish: Publish, compose: Compose, body: str, beginning: str) -> None:
    message = compose(publish(standard(body=body)))
    assert message.short == beginning
    assert message.alone.startswith(f"Sperrung. {beginning}".strip())


def test_a_push_has_the_title_and_one_sentence(publish: Publish, compose: Compose) -> None:
    message = compose(publish(standard(body=LONG.replace("gesperrt.", "gesperrt. Bis Mai."))))
    assert message.short == ("Ab Montag ist die Paulinenstraße zwischen Bahnhof und Hornscher "
                             "Straße voll gesperrt.")


def test_every_message_says_why_it_came_and_how_to_change_that(
        publish: Publish, compose: Compose, make_topic: Callable[..., Topic],
        make_neighbourhood: Callable[..., Neighbourhood]) -> None:
    topic, place = make_topic(name="Baustellen"), make_neighbourhood(name="Hiddesen")
    message = compose(publish(standard(), topics=(topic,)), reason=(topic.id, place.id, True))
    for words in (*mail(message), telegram_text.compose(message, True, True)):
        assert "„Baustellen“ für Hiddesen" in words.replace(" \n", " ")
        assert "Abmelden" in words
        assert "Einstellungen ändern" in words


def test_sms_name_the_way_to_stop_them_only_where_answers_are_read(
        make_app: Callable[..., Flask]) -> None:
    for secret, hint in (("", ""), ("x" * 24, "Ende: STOP")):
        app = make_app(sms_inbound_secret=secret)
        with app.app_context(), force_locale("de"):
            message = notice(settings(), app.extensions["tokens"], "sms",
                             claimed(Purpose.WELCOME))
            assert message.stop_hint == hint


FESTIVAL: dict[str, Any] = {
    "starts_at": datetime(2026, 12, 1, 17, 30, tzinfo=UTC),
    "ends_at": datetime(2026, 12, 1, 20, tzinfo=UTC), "place": "Marktplatz <5>, Rathaus",
    "latitude": 51.9365, "longitude": 8.8791}
MAP = "https://www.openstreetmap.org/?mlat=51.936500&mlon=8.879100#map=18/51.936500/8.879100"


def test_when_and_where_it_is_stands_above_the_text(publish: Publish, compose: Compose) -> None:
    message = compose(publish(standard("Fest", "Kommen Sie!"), **FESTIVAL))
    text, html = mail(message)
    assert ("Wann: Dienstag, 1. Dezember 2026, 18:30 bis 21:00 Uhr\nWo: Marktplatz <5>, Rathaus"
            f"\n\nAuf der Karte ansehen (OpenStreetMap)\n{MAP}\n\nKommen Sie!") in text
    assert "<strong>Wo:</strong> <bdi>Marktplatz &lt;5&gt;, Rathaus</bdi>" in html
    chat = telegram_text.compose(message, True, True)
    assert "<b>Wo:</b> Marktplatz &lt;5&gt;, Rathaus" in chat
    assert f'<a href="{MAP.replace("&", "&amp;")}">Auf der Karte' in chat
    assert message.text.startswith("Wann: Dienstag")  # as outlets say it that take no HTML
    assert f"\n{MAP}\n\nKommen" in message.text
    for brief in (sms.compose(message, 2), push_payload.payload(message).decode()):
        assert "Kommen Sie!" in brief
        assert "Marktplatz" not in brief


@pytest.mark.parametrize(("language", "label", "day"), [
    ("en", "Where", "Tuesday, 1 December 2026"), ("uk", "Де", "вівторок, 1 грудня 2026"),
    ("tr", "Yer", "1 Aralık 2026 Salı")])
def test_when_and_where_is_said_in_the_reader_s_language_above_a_german_text(
        publish: Publish, compose: Compose, language: str, label: str, day: str) -> None:
    html = compose(publish(standard("Fest", "Kommen Sie!"), **FESTIVAL), language).html
    assert html.startswith(f'<p lang="{language}" dir="ltr"><strong>')
    assert f"<strong>{label}:</strong>" in html
    assert day in html


def test_in_arabic_when_and_where_goes_from_right_to_left(publish: Publish, compose: Compose
                                                          ) -> None:
    german = compose(publish(standard(), **FESTIVAL), "ar").html
    assert german.startswith('<p lang="ar" dir="rtl">')
    own = compose(publish(standard(), ("ar", "standard", "عيد", "عيد", ""), **FESTIVAL), "ar")
    assert own.html.startswith("<p><strong>")  # as all that stands around it


@pytest.mark.parametrize(("columns", "words"), [
    # midnights in the town are whole days; the last one is the day before the end
    ({"starts_at": datetime(2026, 6, 30, 22, tzinfo=UTC),
      "ends_at": datetime(2026, 7, 2, 22, tzinfo=UTC)},
     "Mittwoch, 1. Juli 2026 bis Donnerstag, 2. Juli 2026"),
    ({"starts_at": datetime(2026, 6, 30, 22, tzinfo=UTC),
      "ends_at": datetime(2026, 7, 1, 22, tzinfo=UTC)}, "Mittwoch, 1. Juli 2026"),
    ({"starts_at": datetime(2026, 6, 30, 22, tzinfo=UTC)}, "Mittwoch, 1. Juli 2026"),
    ({"starts_at": datetime(2026, 7, 1, 6, tzinfo=UTC)}, "Mittwoch, 1. Juli 2026, 08:00 Uhr"),
    ({"starts_at": datetime(2026, 10, 24, 22, 30, tzinfo=UTC),  # over the end of summer time
      "ends_at": datetime(2026, 10, 25, 22, 30, tzinfo=UTC)},
     "Sonntag, 25. Oktober 2026, 00:30 bis 23:30 Uhr"),
    ({"starts_at": datetime(2026, 7, 1, 6, tzinfo=UTC),
      "ends_at": datetime(2026, 7, 3, 6, tzinfo=UTC)},
     "Mittwoch, 1. Juli 2026, 08:00 Uhr bis Freitag, 3. Juli 2026, 08:00 Uhr")],
    ids=["days", "a day", "a day without end", "a moment", "an hour twice", "over days"])
def test_a_time_is_said_no_longer_than_it_must(
        app: Flask, publish: Publish, compose: Compose, columns: dict[str, Any], words: str
        ) -> None:
    said = compose(publish(standard("Fest", "Ja."), **columns)).text
    assert said == f"Wann: {words}\n\nJa."


def test_what_is_taken_back_is_not_announced_again(publish: Publish, compose: Compose) -> None:
    for kind in (AnnouncementKind.WITHDRAWAL, AnnouncementKind.ALL_CLEAR):
        message = compose(publish(standard("Fest", "Ja."), kind=kind, **FESTIVAL))
        assert (message.text, message.html) == ("Ja.", "<p>Ja.</p>")


@pytest.fixture
def town(publish: Publish, make_topic: Callable[..., Topic],
         make_neighbourhood: Callable[..., Neighbourhood]) -> dict[str, int]:
    """Four announcements about two topics in two Ortsteile."""
    works = make_topic("baustellen", name="Baustellen & Verkehr", position=1)
    culture = make_topic("kultur", name="Kultur", position=2)
    here, there = (make_neighbourhood(slug, name=slug.capitalize())
                   for slug in ("hiddesen", "berlebeck"))
    return {
        "works": works.id, "here": here.id,
        "concert": publish(standard("Konzert im Park", "Am Samstag um 18 Uhr."),
                           topics=(culture,)),
        "lights": publish(standard("Neue Ampel", "Ab Dienstag.", "Ampel ab Dienstag."),
                          topics=(works,), places=(here, there)),
        "closed": publish(standard("Sperrung der Paulinenstraße"), topics=(works, culture),
                          places=(here,), link="https://www.detmold.de/x",
                          source_name="Tiefbauamt"),
        "reading": publish(standard("Lesung <live>", "Ein Abend."), topics=(culture,),
                           places=(there,))}


def of_town(town: dict[str, int]) -> list[int]:
    return [town[name] for name in ("concert", "lights", "closed", "reading")]


@pytest.mark.usefixtures("app")
def test_a_digest_reads_like_this(town: dict[str, int], digest: Compose) -> None:
    reasons: dict[int, Reason] = {town["lights"]: (town["works"], town["here"], True)}
    text, html = mail(digest(*of_town(town), reasons=reasons))
    assert text == (DATA / "digest.txt").read_text(encoding="utf-8")
    page = Tags(html)
    assert page.open == []
    outline = [tag for tag, _ in page.tags if tag[0] == "h" and tag[1:].isdigit()]
    assert outline == ["h1", "h2", "h2", "h3", "h4", "h4", "h5", "h2", "h3", "h4", "h3", "h4"]
    places = [href for href in page.links() if href and href.startswith("#")]
    assert places == ["#m1", "#m2", "#m3", "#m4"]
    named = [given.get("id") for _, given in page.tags if given.get("id")]
    assert [f"#{name}" for name in named] == places
    assert [given["name"] for tag, given in page.tags if tag == "a" and "name" in given] == named


def test_a_digest_s_subject_says_how_many_and_the_most_important(
        town: dict[str, int], digest: Compose, publish: Publish) -> None:
    assert digest(*of_town(town)).title == "4 Meldungen: Neue Ampel u. a."
    urgent = publish(standard("Straße " * 40), urgency=Urgency.IMPORTANT)
    title = digest(urgent, *of_town(town)).title
    assert title.startswith("5 Meldungen: Straße Straße")
    assert len(title) < 110
    assert "\n" not in title


def test_each_announcement_stands_once_in_a_digest(town: dict[str, int], digest: Compose
                                                   ) -> None:
    text, _html = mail(digest(*of_town(town)))
    _contents, _, texts = text.partition("Inhalt")
    for title in ("Neue Ampel", "Konzert im Park", "Lesung <live>"):
        assert texts.count(title) == 2, "in the contents and above its text"


def test_a_digest_on_other_channels_is_short(town: dict[str, int], digest: Compose) -> None:
    chat = telegram_text.compose(digest(*of_town(town), channel="telegram"), True, True)
    assert f'• <a href="http://localhost/meldungen/{town["concert"]}">Konzert im Park</a> (' in chat
    assert "Umleitung" not in chat
    assert sms.compose(digest(*of_town(town), channel="sms"), 2) == (
        "Stadt Detmold: 4 Meldungen: Neue Ampel; Sperrung der Paulinenstraße; Lesung <live>; "
        "Konzert im Park http://localhost/meldungen")
    push = digest(*of_town(town), channel="push")
    assert push.short == "Sperrung der Paulinenstraße; Lesung <live>; Konzert im Park"


def test_a_digest_marks_what_is_not_in_the_readers_language(
        town: dict[str, int], digest: Compose, publish: Publish) -> None:
    english = publish(standard(), ("en", "standard", "Free swim", "Today.", ""))
    _text, html = mail(digest(*of_town(town), english, language="en"))
    assert html.count('<div lang="de" dir="ltr">') == 4
    assert "Free swim</a></h4>" in html
    assert re.search(r'href="#m\d" lang="de" dir="ltr">Neue Ampel</a> \([^)]+\) \(', html), (
        "the mark and the Ortsteil are in the reader's language")
    assert Tags(html).tags[0][1]["lang"] == "en"


def test_a_long_digest_gives_sentences_so_that_nothing_is_cut(
        town: dict[str, int], digest: Compose, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(digests, "WHOLE_TEXTS", 100)
    _text, html = mail(digest(*of_town(town)))
    assert "<p>Ampel ab Dienstag.</p>" in html
    assert "Umleitung" not in html


def test_a_digest_names_what_is_still_subscribed(town: dict[str, int], digest: Compose) -> None:
    gone: Reason = (None, None, False)
    kept: Reason = (town["works"], town["here"], True)
    pair = town["closed"], town["reading"]
    assert digest(*pair, reasons={pair[0]: gone, pair[1]: kept}).why == (
        "Sie erhalten diese Nachricht, weil Sie das abonniert haben: „Baustellen & Verkehr“ für "
        "Hiddesen.")
    assert digest(*pair, reasons=dict.fromkeys(pair, gone)).why == (
        "Sie erhalten diese Nachricht, weil Sie Meldungen abonniert haben.")


def test_a_digest_that_nobody_can_place_still_arrives(publish: Publish, digest: Compose) -> None:
    text, _html = mail(digest(publish(standard("Eins")), publish(standard("Zwei"))))
    assert "Weitere Meldungen\n" in text


@pytest.mark.parametrize(("secret", "segments"), [("", 2), ("a" * 40, 1)])
def test_the_desk_knows_segments_and_cost_before_sending(
        make_app: Callable[..., Flask], session: scoped_session[Session], publish: Publish,
        secret: str, segments: int) -> None:
    number = publish(standard(), ("de", "plain", "Zu", PLAIN, "Дорога"))
    session.remove()  # SQLite lets only one write, and the app below has its own engine
    app = make_app(sms_segment_cents=7.5, public_url="https://push.example.org",
                   sms_inbound_secret=secret)
    with app.app_context():
        announcement = db.session.get_one(Announcement, number)
        seen = {t.register: sms_preview(settings(), t) for t in announcement.texts}
    whole = seen[Register.STANDARD]
    # a link to leave is long, "STOP" is not
    assert (whole.segments, whole.encoding, whole.whole, whole.cents) == (
        segments, "GSM-7", True, 7.5 * segments)
    assert seen[Register.PLAIN].encoding == "UCS-2"
    assert f"/e/{number} " in seen[Register.PLAIN].text


def test_what_is_no_announcement_fits_every_channel(make_app: Callable[..., Flask]) -> None:
    app = make_app(public_url="https://meldungen.detmold.de")
    to_staff = {Purpose.STAFF, Purpose.TRIAL, *DESK_LETTERS}
    for purpose in set(Purpose) - {Purpose.ANNOUNCEMENT} - to_staff:
        for channel in ("email", "sms", "telegram", "push"):
            with app.app_context(), force_locale("de"):
                message = notice(settings(), app.extensions["tokens"], channel, claimed(purpose))
                assert message.plain
                assert misfits(message) == []


def claimed(purpose: Purpose) -> Claimed:
    """A transactional delivery to a reader of Einfache Sprache."""
    return Claimed(*[None] * len(Claimed._fields))._replace(
        id=1, contact_id=2, purpose=purpose, language="de", register="plain", challenge=5,
        expires_at=EVENING)


def misfits(message: Message) -> list[str]:
    """The channels that would not take the message whole, with its link once."""
    seen = sms.preview(message, 2)
    text, html = mail(message)
    said = {"mail": text, "mail's HTML": html, "SMS": seen.text,
            "Telegram": telegram_text.compose(message, False, False)}
    wrong = [name for name, words in said.items()
             if message.url and words.count(message.url) != 1]
    if len(push_payload.payload(message)) >= 3000:
        wrong.append("push")
    if seen.segments > 2 or seen.encoding != "GSM-7":
        wrong.append("SMS segments")
    return wrong
