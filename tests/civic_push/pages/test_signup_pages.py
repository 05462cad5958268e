"""Signing up and confirming, on the pages."""

from __future__ import annotations

import re
import threading
import time
from datetime import timedelta

import pytest
from sqlalchemy import select, update

from civic_push.announcements import publishing
from civic_push.db import db, utcnow
from civic_push.web import asking
from civic_push.web.protection import network, stamp, wider_network
from subscriptions.codes import MAX_TRIES
from subscriptions.models import Consent, Contact, Knock, Street, Subscriber
from subscriptions.preferences import choices_of
from subscriptions.seals import Seals
from subscriptions.signup import Choices, Inbox, Wording
from subscriptions.tokens import Purpose
from tests.civic_push.pages.resident import Resident, without_tokens


def contacts(session):
    session.rollback()
    return session.scalars(select(Contact).order_by(Contact.id)).all()


def test_a_sign_up_stores_exactly_what_was_chosen_and_asks_each_inbox(
        app, session, sign_up, sent, make_topic, make_neighbourhood):
    topic, _ = make_topic("baustellen"), make_topic("abfall")
    place, _ = make_neighbourhood("hiddesen"), make_neighbourhood("hakedahl")
    page = sign_up(ortsteil=[str(place.id)], thema=[str(topic.id)], form="plain", sprache="en",
                   ruhe_von="22", ruhe_bis="6", email=" Anna@Example.org", sms="0151 23456789",
                   sms_oft="weekly", sms_stunde="9", sms_tag="0")
    assert page.status_code == 200
    assert page.request.path == "/anmelden/fertig"
    mail, sms = contacts(session)
    chosen = choices_of(mail.subscriber)
    assert (chosen.topics, chosen.neighbourhoods) == ([topic.id], [place.id])
    assert (chosen.language, chosen.register) == ("en", "plain")
    assert (chosen.quiet_from, chosen.quiet_to) == (22, 6)
    assert (sms.frequency, sms.digest_hour, sms.digest_weekday) == ("weekly", 9, 0)
    assert mail.frequency == "now"
    seals: Seals = app.extensions["seals"]
    assert seals.open("email", mail.address) == "anna@example.org"
    assert seals.open("sms", sms.address) == "+4915123456789"
    assert {c.state for c in (mail, sms)} == {"pending"}
    assert sent() == [("email", "confirm"), ("sms", "confirm")]


def test_the_consent_is_stored_as_it_was_shown(session, resident, sign_up):
    sign_up(email="anna@example.org")
    consent = session.scalars(select(Consent)).one()
    assert consent.wording in resident.open("/anmelden").text
    assert consent.wording_version.endswith("-de")
    assert consent.confirmed_at is None


def test_what_is_wrong_is_said_and_everything_typed_is_kept(
        session, resident, sign_up, sent, make_neighbourhood):
    place = make_neighbourhood()
    page = sign_up(ortsteil=[str(place.id)], thema=None, email="anna@", sms="05231 977-0",
                   einwilligung=None, ruhe_von="22", ruhe_bis="", sms_oft="daily")
    assert page.status_code == 422
    for name in ("thema", "email", "sms", "einwilligung", "ruhe_bis"):
        assert resident.error_at(name), name
        assert f'<a href="#{name}">' in page.text
        assert f'id="{name}"' in page.text  # the summary's link leads somewhere
    assert 'autofocus id="fehler"' in page.text
    kept = next(form for form in resident.forms() if form.action == "/anmelden").values
    assert kept["ortsteil"] == [str(place.id)]
    assert (kept["email"], kept["sms"], kept["sms_oft"]) == (["anna@"], ["05231 977-0"], ["daily"])
    assert contacts(session) == []
    assert sent() == []


def test_no_way_chosen_is_an_error_of_its_own(resident, sign_up):
    assert sign_up().status_code == 422
    assert "mindestens einen Weg" in resident.error_at("wege")
    sign_up(email="anna@")  # a wrong address is a chosen way
    assert not resident.error_at("wege")


def test_only_channels_that_are_set_up_are_offered(make_app):
    page = make_app().test_client().get("/anmelden").text
    assert 'name="email"' not in page
    assert "Zurzeit ist kein Weg eingerichtet" in page


def test_an_address_that_is_subscribed_is_told_by_mail_and_nobody_else_learns_it(
        app, session, resident, other, sign_up, sent, make_contact):
    make_contact("email", "known@example.org")
    known = sign_up(resident, email="known@example.org").text
    fresh = sign_up(other, email="fresh@example.org").text
    assert (without_tokens(known).replace("known@", "…@")
            == without_tokens(fresh).replace("fresh@", "…@"))
    assert sent() == [("email", "known"), ("email", "confirm")]
    cookie = resident.client.get_cookie("session")
    assert cookie is not None
    shown = app.session_interface.get_signing_serializer(app).loads(cookie.value)
    assert "known@example.org" not in str(shown)
    assert "contact" not in str(shown)


def test_an_answer_about_an_address_takes_its_time(monkeypatch, sign_up, make_contact):
    make_contact("email", "known@example.org")
    monkeypatch.setattr(asking, "ANSWER_SECONDS", 0.5)
    started = time.monotonic()
    sign_up(email="known@example.org")
    assert time.monotonic() - started >= 0.5


def test_a_flood_of_sign_ups_sends_one_mail_a_day_even_without_redis(
        make_app, session, sign_up, sent):
    app = make_app(redis_url="unix:///nowhere/valkey.sock",
                   email_url="mailto://127.0.0.1:1?from=push@stadt.example")
    for _ in range(5):  # each time with new cookies
        page = sign_up(Resident(app.test_client()), email="victim@example.org")
        assert page.status_code == 200
    assert sent() == [("email", "confirm")]
    assert len(contacts(session)) == 1
    session.execute(update(Knock).values(since=utcnow() - timedelta(hours=25)))
    session.commit()
    sign_up(Resident(app.test_client()), email="victim@example.org")
    assert sent() == [("email", "confirm")] * 2


@pytest.mark.parametrize(("way", "typed"), [
    ("email", "anna@example.org"), ("sms", "0151 23456789")])
def test_asking_for_the_settings_of_who_has_not_confirmed_writes_once_a_day_too(
        session, resident, sign_up, sent, link, way, typed):
    sign_up(**{way: typed})
    first = link(Purpose.CONFIRM, contacts(session)[0])
    for _ in range(3):
        resident.open("/einstellungen")
        resident.press("/einstellungen", kontakt=typed)
    assert sent() == [(way, "confirm")]
    session.execute(update(Knock).values(since=utcnow() - timedelta(hours=25)))
    for _ in range(3):
        resident.open("/einstellungen")
        resident.press("/einstellungen", kontakt=typed)
    assert sent() == [(way, "confirm")] * 2
    assert resident.open(first).status_code == 200, "anybody asked: what was sent goes on to hold"


def test_the_link_of_the_first_mail_holds_for_the_newest_choices(
        session, resident, sign_up, link, make_topic):
    topic = make_topic("abfall", name="Abfall")
    sign_up(email="anna@example.org")
    first = link(Purpose.CONFIRM, contacts(session)[0])
    sign_up(email="anna@example.org", thema=[str(topic.id)], email_oft="daily")
    shown = resident.open(first).text
    assert "Abfall" in shown
    assert "einmal am Tag, gesammelt, 18 Uhr" in shown
    assert "ist bestätigt" in resident.press(first).text
    contact, = contacts(session)
    assert choices_of(contact.subscriber).topics == [topic.id]
    assert session.query(Subscriber).count() == 1
    assert session.query(Consent).count() == 1


def test_a_program_that_fills_the_hidden_field_is_told_the_same_and_stores_nothing(
        session, sign_up, sent):
    page = sign_up(email="anna@example.org", zweitname="Robot")
    assert page.request.path == "/anmelden/fertig"
    assert contacts(session) == []
    assert sent() == []


def test_a_form_sent_at_once_asks_to_be_sent_again(session, resident, sign_up):
    just_now = stamp(utcnow() + timedelta(minutes=1))  # however slow this machine is
    page = sign_up(email="anna@example.org", gezeigt=just_now)
    assert page.status_code == 422
    assert "sehr schnell" in resident.error_at("absenden")
    forged = sign_up(email="anna@example.org", gezeigt=f"{int(time.time()) - 900}.0123")
    assert forged.status_code == 422
    assert contacts(session) == []


def test_a_form_without_its_token_is_refused_with_advice(app, resident):
    page = app.test_client().post("/anmelden", data={"email": "anna@example.org"})
    assert page.status_code == 400
    assert "laden Sie die Seite neu" in page.text


def test_opening_the_link_changes_nothing_and_the_button_confirms_once(
        session, resident, sign_up, link):
    sign_up(email="anna@example.org")
    contact, = contacts(session)
    path = link(Purpose.CONFIRM, contact)
    assert "Anmeldung bestätigen" in resident.open(path).text
    assert contacts(session)[0].state == "pending"
    resident.open(path)
    assert "ist bestätigt" in resident.press(path).text
    contact, = contacts(session)
    assert contact.state == "active"
    first = contact.verified_at
    assert "ist bestätigt" in resident.open(path).text  # pressed again, from the same mail
    assert contacts(session)[0].verified_at == first
    consent = session.scalars(select(Consent)).one()
    assert (consent.confirmed_by, consent.confirmed_at) == ("link", first)


def test_nobody_slips_into_the_sign_up_of_somebody_else(
        app, session, resident, other, sign_up, sent, link):
    sign_up(resident, email="anna@example.org")
    first = link(Purpose.CONFIRM, contacts(session)[0])  # what stands in her only mail
    sign_up(other, email="anna@example.org", sms="0151 22222222")
    mail, sms = contacts(session)
    other.press("/code", code=app.extensions["tokens"].code(sms.id, sms.challenge))
    assert sent() == [("email", "confirm"), ("sms", "confirm")]
    resident.open(first)
    resident.press(first)
    mail, sms = contacts(session)
    assert (mail.state, sms.state) == ("active", "active")
    assert mail.subscriber_id != sms.subscriber_id
    assert session.query(Subscriber).count() == 2


def test_signing_up_alone_ends_what_a_stranger_had_signed_up_together(
        session, resident, other, sign_up, link):
    sign_up(other, email="anna@example.org", sms="0151 22222222")
    mail, _sms = contacts(session)
    path = link(Purpose.CONFIRM, mail)
    shown = resident.open(path).text
    assert "… 222" in shown, "whoever confirms sees what it is together with"
    assert "Von jedem Weg aus lassen sich alle Einstellungen sehen und ändern." in shown
    assert "anna@" not in shown
    sign_up(resident, email="anna@example.org")
    mail, sms = contacts(session)
    assert mail.subscriber_id != sms.subscriber_id
    shown = resident.open(path).text
    assert "… 222" not in shown
    assert "Von jedem Weg aus" not in shown


@pytest.mark.parametrize("more", [{}, {"telegram": "ja"}])
def test_who_signs_up_twice_with_the_same_inboxes_stays_one_person(
        session, sign_up, make_topic, more):
    topic = make_topic("abfall")
    sign_up(email="anna@example.org", sms="0151 23456789", **more)
    sign_up(email="anna@example.org", sms="0151 23456789", thema=[str(topic.id)], **more)
    newest = contacts(session)[-1].subscriber
    assert {c.channel for c in newest.contacts} == {"email", "sms", *more}
    assert choices_of(newest).topics == [topic.id]


def test_links_that_do_not_hold_are_explained(session, resident, sign_up, link, make_contact):
    sign_up(email="anna@example.org")
    contact, = contacts(session)
    expired = resident.open(link(Purpose.CONFIRM, contact, -timedelta(minutes=1)))
    assert (expired.status_code, "gilt nicht mehr" in expired.text) == (410, True)
    assert 'href="/anmelden"' in expired.text
    old = link(Purpose.CONFIRM, contact)
    session.execute(update(Knock).values(since=utcnow() - timedelta(days=2)))
    sign_up(email="anna@example.org")  # asked anew: the older link is worthless
    assert resident.open(old).status_code == 410
    leave = link(Purpose.LEAVE, make_contact(), None).replace("abmelden", "bestaetigen")
    assert resident.open(leave).status_code == 410
    broken = resident.open("/bestaetigen/quatsch")
    assert (broken.status_code, "Diesen Link kennen wir nicht" in broken.text) == (404, True)


def test_an_expired_link_to_a_confirmed_address_still_tells_the_truth(
        resident, link, make_contact):
    page = resident.open(link(Purpose.CONFIRM, make_contact(), -timedelta(days=1)))
    assert (page.status_code, "ist bestätigt" in page.text) == (200, True)


def test_the_code_of_the_sms_confirms_the_number(app, session, resident, sign_up):
    sign_up(sms="0151 23456789")
    contact, = contacts(session)
    code = app.extensions["tokens"].code(contact.id, contact.challenge)
    page = resident.press("/code", code=f" {code[:3]} {code[3:]} ")
    assert "Handynummer ist bestätigt" in page.text
    contact, = contacts(session)
    assert contact.state == "active"
    assert session.scalars(select(Consent)).one().confirmed_by == "code"


def test_after_five_wrong_codes_even_the_right_one_needs_a_new_sms(
        app, session, resident, sign_up, sent):
    sign_up(sms="0151 23456789")
    contact, = contacts(session)
    tokens = app.extensions["tokens"]
    right = tokens.code(contact.id, contact.challenge)
    wrong = f"{(int(right) + 1) % 1_000_000:06d}"
    for _ in range(MAX_TRIES):
        assert resident.press("/code", code=wrong).status_code == 422
        assert "stimmt nicht" in resident.error_at("code")
    resident.press("/code", code=right)
    assert "Nach fünf falschen Codes hilft nur eine neue SMS" in resident.error_at("code")
    resident.press("/code/neu")
    contact, = contacts(session)
    new = tokens.code(contact.id, contact.challenge)
    assert new != right
    assert "Handynummer ist bestätigt" in resident.press("/code", code=new).text
    assert sent() == [("sms", "confirm")] * 2


def test_a_known_number_behaves_like_a_new_one_that_nobody_confirms(
        session, resident, other, sign_up, sent, make_contact):
    make_contact("sms", "+4915123456789")
    sign_up(resident, sms="0151 23456789")
    sign_up(other, sms="0151 23456780")
    for _ in range(MAX_TRIES + 2):
        mine, theirs = (visitor.press("/code", code="000000") for visitor in (resident, other))
        assert (without_tokens(mine.text)
                == without_tokens(theirs.text).replace("6780", "6789"))
    mine, theirs = (visitor.press("/code/neu") for visitor in (resident, other))
    assert without_tokens(mine.text) == without_tokens(theirs.text).replace("6780", "6789")
    mine, theirs = (visitor.press("/code", code="000000") for visitor in (resident, other))
    assert without_tokens(mine.text) == without_tokens(theirs.text).replace("6780", "6789")
    assert resident.error_at("code"), "with a new code in one inbox and none in the other"
    assert sent() == [("sms", "known"), ("sms", "confirm"), ("sms", "known"), ("sms", "confirm")]


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize(("path", "each", "together"), [
    ("/code", 60, 240), ("/code/neu", 10, 40), ("/einstellungen/offen/x/neu", 30, 120),
    ("/einstellungen/offen/x/wege/1", 30, 120)])
def test_codes_and_inboxes_are_limited_for_whoever_changes_addresses_within_a_network(
        resident, sign_up, path, each, together):
    page = sign_up(sms="0151 23456789").text
    token = re.search(r'name="csrf_token" value="([^"]+)"', page)
    assert token is not None

    def post(address):
        return resident.open(path, method="POST", follow=False, data={"csrf_token": token[1]},
                             environ_base={"REMOTE_ADDR": address}).status_code

    statuses = [post(f"203.0.113.{1 + number // each}") for number in range(together)]
    assert 429 not in statuses
    assert post("203.0.113.99") == 429
    assert post("203.0.114.1") != 429


def test_new_codes_end_with_the_day_and_the_last_one_goes_on_to_hold(
        app, session, resident, sign_up, sent):
    sign_up(sms="0151 23456789")
    for _ in range(4):
        resident.press("/code/neu")
    assert sent() == [("sms", "confirm")] * 3
    contact, = contacts(session)
    code = app.extensions["tokens"].code(contact.id, contact.challenge)
    assert "Handynummer ist bestätigt" in resident.press("/code", code=code).text


def test_telegram_gets_a_start_link_that_is_good_for_this_contact(
        app, session, resident, sign_up):
    page = sign_up(telegram="ja").text
    contact, = contacts(session)
    token = page.split("https://t.me/stadt_bot?start=")[1].split('"')[0]
    assert app.extensions["tokens"].check(
        Purpose.TELEGRAM, token, now=utcnow(), challenge=contact.challenge) == contact.id


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_in_the_demo_the_start_link_leads_to_the_demo_s_telegram(make_app, sign_up):
    app = make_app(demo=True, telegram_token="1000:token", telegram_bot="stadt_bot")
    page = sign_up(Resident(app.test_client()), telegram="ja").text
    assert re.search(r'href="/demo/inboxes\?start=[\w-]{38}#telegram"', page)


def test_whoever_has_nothing_to_confirm_is_shown_the_way(resident):
    page = resident.open("/anmelden/fertig")
    assert (page.status_code, "Hier wartet keine Anmeldung" in page.text) == (200, True)
    assert resident.open("/code").request.path == "/anmelden/fertig"


def test_signing_up_works_while_the_queue_is_away(make_app, session, sign_up, sent):
    app = make_app(redis_url="unix:///nowhere/valkey.sock",
                   email_url="mailto://127.0.0.1:1?from=push@stadt.example")
    page = sign_up(Resident(app.test_client()), email="anna@example.org")
    assert page.request.path == "/anmelden/fertig"
    assert sent() == [("email", "confirm")]  # the clock's sweep will ring for it
    assert session.query(Subscriber).count() == 1


def test_looking_for_an_ortsteil_without_a_script_keeps_everything_typed(
        session, resident, make_neighbourhood):
    make_neighbourhood("berlebeck", aliases="Johannaberg")
    other = make_neighbourhood("klut")
    resident.open("/anmelden")
    page = resident.press("/anmelden", was="suchen", ort="johannaberg", email="anna@example.org",
                          ortsteil=[str(other.id)])
    assert page.status_code == 200
    assert "Ein Ortsteil gefunden." in page.text
    assert ">Johannaberg</p>" in page.text  # why it was found
    kept = next(form for form in resident.forms() if form.action == "/anmelden").values
    assert (kept["email"], kept["ortsteil"]) == (["anna@example.org"], [str(other.id)])
    assert not resident.error_at("thema")  # nothing was sent yet
    assert contacts(session) == []


def test_the_expectation_is_shown_with_and_without_a_script(
        session, resident, make_topic, make_announcement):
    topic = make_topic("abfall")
    for days in (30, 20, 10):
        publishing.publish(session, make_announcement(topics=[topic.id]),
                           utcnow() - timedelta(days=days))
    resident.open("/anmelden")
    page = resident.press("/anmelden", was="zaehlen", ortsteil="alle", thema=[str(topic.id)])
    assert "Das sind etwa 3 Meldungen im Monat." in page.text
    answer = resident.open(f"/anmelden/anzahl?ortsteil=alle&thema={topic.id}")
    assert answer.json == {"text": "Das sind etwa 3 Meldungen im Monat."}
    assert "Wählen Sie Ortsteile und Themen" in resident.open("/anmelden/anzahl").json["text"]


def test_a_script_asks_where_a_street_lies_and_no_street_stands_in_an_address(
        session, resident, make_neighbourhood):
    place = make_neighbourhood("hiddesen")
    session.add(Street(name="Grotenburg", key="grotenburg", neighbourhood_id=place.id))
    session.commit()
    page = resident.open("/anmelden").text
    token = re.search(r'name="csrf_token" value="([^"]+)"', page)
    assert token is not None
    answer = resident.open("/anmelden/orte", method="POST",
                           data={"ort": "Grotenburg 5", "csrf_token": token[1]})
    assert answer.json == {"text": "Ein Ortsteil gefunden.",
                           "found": [{"id": place.id, "why": "Grotenburg"}]}
    assert resident.open("/anmelden/orte").status_code == 405


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_each_unusable_address_gets_a_sentence_that_says_what_to_do(make_app, sign_up):
    app = make_app(email_url="mailto://127.0.0.1:1?from=push@stadt.example",
                   sms_url="smseagle://token@127.0.0.1/{to}",
                   disposable_domains=("ex-und-hopp.example",))
    for field, typed, words in (
            ("email", "anna@", "name@beispiel.de"), ("email", "a b@example.org", "name@beispiel"),
            ("email", "jürgen@example.org", "keine Umlaute"),
            ("email", "a@mailinator.com", "Wegwerf-Adresse"),
            ("email", "a@sub.YOPMAIL.com", "Wegwerf-Adresse"),
            ("email", "a@ex-und-hopp.example", "Wegwerf-Adresse"),
            ("email", "a" * 10_000 + "@example.org", "name@beispiel.de"),
            ("sms", "05231 977-0", "keine Handynummer"), ("sms", "+1 212 5550123", "diesem Land"),
            ("sms", "12", "0151 23456789"), ("sms", "9" * 10_000, "0151 23456789")):
        visitor = Resident(app.test_client())
        app.extensions["redis"].flushall()  # limits are another test's
        page = sign_up(visitor, **{field: typed})
        assert page.status_code == 422, typed[:50]
        assert words in visitor.error_at(field), typed[:50]
        kept = next(form for form in visitor.forms() if form.action == "/anmelden").values
        assert kept[field] == [typed], typed[:50]
        assert page.text.count(visitor.error_at(field)) == 2  # at the field, in the summary


def test_bytes_that_are_no_text_are_answered_like_any_other_mistake(resident):
    page = resident.open("/anmelden").text
    token = re.search(r'name="csrf_token" value="([^"]+)"', page)
    assert token is not None
    body = b"email=%FF%FEa%00&ortsteil=%C3&thema=9e9&ort=%80%00&sprache=%00&csrf_token="
    answer = resident.open("/anmelden", method="POST", data=body + token[1].encode(),
                           content_type="application/x-www-form-urlencoded")
    assert answer.status_code == 422
    assert resident.error_at("email")


def test_a_network_that_tries_too_often_loses_nothing_it_typed(resident, sign_up):
    tries = 0
    while sign_up(email="anna@").status_code != 429:
        tries += 1
        assert tries < 30  # more than 12 only where a new minute began meanwhile
    page = sign_up(email="anna@example.org", ort="Hiddesen")
    assert page.status_code == 429
    assert "zu viele Versuche" in resident.error_at("absenden")
    kept = next(form for form in resident.forms() if form.action == "/anmelden").values
    assert kept["email"] == ["anna@example.org"]


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_who_changes_addresses_within_a_network_is_still_counted(app):
    networks = {}
    for address in ("203.0.113.7", "203.0.113.250", "203.0.114.7",
                    "2001:db8:0:a01::1", "2001:db8:0:aff::2", "2001:db8:0:b01::1"):
        with app.test_request_context("/", environ_base={"REMOTE_ADDR": address}):
            networks[address] = (wider_network(), network())
    wide = [wider for wider, _own in networks.values()]
    assert wide[0] == wide[1] != wide[2]
    assert wide[3] == wide[4] != wide[5]
    assert len({own for _wider, own in networks.values()}) == 6


def test_a_form_sent_twice_at_once_is_one_sign_up_with_one_mail(app, session, sent):
    """Two servers, one moment: each looks before the other has stored anything."""
    choices, wording, now = Choices(), Wording("1", "Ja."), utcnow()
    both_have_looked = threading.Barrier(2, timeout=10)
    errors = []

    def press() -> None:
        try:
            with app.test_request_context("/", method="POST"):
                both_have_looked.wait()
                asking.sign_up(choices, [Inbox("email", "anna@example.org")], wording, now)
                db.session.remove()
        except Exception as error:
            errors.append(error)

    session.rollback()
    threads = [threading.Thread(target=press) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    assert len(contacts(session)) == 1
    assert sent() == [("email", "confirm")]


def test_the_form_can_be_gone_back_to_and_found_and_what_follows_cannot_be_kept(
        resident, sign_up):
    form = resident.open("/anmelden")
    assert "no-store" not in form.headers["Cache-Control"]  # browsers refill it then
    assert "X-Robots-Tag" not in form.headers
    done = sign_up(email="anna@example.org")
    assert done.headers["Cache-Control"] == "no-store"
