"""Browser push: what the page's script and the service worker say to the server."""

from __future__ import annotations

import base64
import json
import os

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from sqlalchemy import select

from channels.vapid import application_server_keys, new_private_key
from civic_push.announcements import publishing
from subscriptions.models import Consent, Contact
from tests.civic_push.pages.resident import Resident


def subscription(name: str = "one") -> dict[str, object]:
    """What PushSubscription.toJSON() gives, with keys of its own."""
    point = ec.generate_private_key(ec.SECP256R1()).public_key().public_bytes(
        Encoding.X962, PublicFormat.UncompressedPoint)
    return {"endpoint": f"https://fcm.googleapis.com/fcm/send/{name}", "expirationTime": None,
            "keys": {"p256dh": _text(point), "auth": _text(os.urandom(16))}}


def _text(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def tell(visitor, path, **body):
    """Send JSON as push.js does, with the token that stands in its page."""
    page = visitor.open("/anmelden/fertig").text
    token = page.split('data-token="')[1].split('"')[0] if "data-token" in page else ""
    return visitor.open(path, method="POST", json=body, headers={"X-CSRFToken": token})


def pushes(session):
    session.rollback()
    return session.scalars(select(Contact).where(Contact.channel == "push")).all()


def test_the_step_carries_the_key_that_browsers_subscribe_with(resident, sign_up):
    page = sign_up(push="ja").text
    key = page.split('data-key="')[1].split('"')[0]
    raw = base64.urlsafe_b64decode(key + "=" * (-len(key) % 4))
    assert (len(raw), raw[0]) == (65, 4)  # an uncompressed P-256 point
    assert "data-push-start" in page


def test_permission_confirms_the_contact_and_a_first_push_goes_out(
        app, session, resident, sign_up, sent):
    sign_up(push="ja")
    browser = subscription()
    answer = tell(resident, "/push/anmelden", subscription=browser)
    assert (answer.status_code, answer.get_json()) == (201, {"ok": True})
    contact, = pushes(session)
    assert contact.state == "active"
    canonical = app.extensions["channels"]["push"].clean(json.dumps(browser))
    assert app.extensions["seals"].open("push", contact.address) == canonical
    assert session.scalars(select(Consent)).one().confirmed_by == "permission"
    assert sent() == [("push", "welcome")]
    assert "Benachrichtigungen sind eingeschaltet" in resident.open("/anmelden/fertig").text


def test_without_a_sign_up_or_a_token_nothing_is_switched_on(app, session, resident, sign_up):
    answer = resident.open("/push/anmelden", method="POST", json={"subscription": subscription()})
    assert answer.status_code == 400  # no token
    assert answer.get_json()["error"]["code"] == "http_400"
    sign_up(email="anna@example.org")
    page = resident.open("/einstellungen").text
    token = page.split('name="csrf_token" value="')[1].split('"')[0]
    answer = resident.open("/push/anmelden", method="POST",
                           json={"subscription": subscription()},
                           headers={"X-CSRFToken": token})
    assert answer.status_code == 409
    assert answer.get_json()["error"]["code"] == "nothing_waits"
    assert pushes(session) == []


@pytest.mark.parametrize(("body", "code"), [
    ({"subscription": {"endpoint": "https://fcm.googleapis.com/x"}}, "push_malformed"),
    ({"subscription": "text"}, "push_malformed"),
    ({}, "push_malformed"),
    ({"subscription": {**subscription(), "endpoint": "https://intern.example/x"}},
     "push_service_unknown"),
    ({"subscription": {**subscription(), "endpoint": "http://127.0.0.1:6379/"}},
     "push_service_unknown"),
])
def test_what_is_no_subscription_of_a_known_service_is_refused(
        session, resident, sign_up, body, code):
    sign_up(push="ja")
    answer = tell(resident, "/push/anmelden", **body)
    assert answer.status_code == 422
    assert answer.get_json()["error"]["code"] == code
    assert answer.get_json()["error"]["message"]
    assert [c.state for c in pushes(session)] == ["pending"]


def test_a_browser_that_signs_up_again_gets_its_newer_choices(
        session, resident, sign_up, make_topic):
    topic, browser = make_topic(), subscription()
    sign_up(push="ja")
    tell(resident, "/push/anmelden", subscription=browser)
    sign_up(push="ja", thema=[str(topic.id)])
    assert tell(resident, "/push/anmelden", subscription=browser).status_code == 201
    contact, = pushes(session)
    assert [s.topic_id for s in contact.subscriber.subscriptions] == [topic.id]


def test_switching_off_ends_the_contact_and_may_be_repeated(session, resident, sign_up):
    browser = subscription()
    sign_up(push="ja")
    tell(resident, "/push/anmelden", subscription=browser)
    for _ in range(2):
        answer = resident.open("/push/abmelden", method="POST", json={"subscription": browser})
        assert answer.status_code == 200
    assert pushes(session) == []


def test_a_changed_subscription_takes_the_old_one_s_place(
        app, session, resident, other, sign_up):
    old, new = subscription("old"), subscription("new")
    sign_up(push="ja")
    tell(resident, "/push/anmelden", subscription=old)
    for _ in range(2):  # the worker may tell it twice; it has no cookies and no token
        answer = other.open("/push/wechsel", method="POST", json={"old": old, "new": new})
        assert answer.status_code == 200
    contact, = pushes(session)
    assert "/new" in app.extensions["seals"].open("push", contact.address)
    assert contact.state == "active"
    unknown = other.open("/push/wechsel", method="POST",
                         json={"old": subscription("x"), "new": subscription("y")})
    assert unknown.status_code == 404


def test_knowing_the_endpoint_alone_is_not_enough(session, resident, other, sign_up):
    browser = subscription()
    sign_up(push="ja")
    tell(resident, "/push/anmelden", subscription=browser)
    guess = {**subscription(), "endpoint": browser["endpoint"]}
    other.open("/push/abmelden", method="POST", json={"subscription": guess})
    assert len(pushes(session)) == 1
    assert other.open("/push/einstellungen", method="POST",
                      json={"subscription": guess}).status_code == 404


def test_a_browser_finds_the_way_to_its_preferences(resident, sign_up):
    browser = subscription()
    sign_up(push="ja")
    tell(resident, "/push/anmelden", subscription=browser)
    url = resident.open("/push/einstellungen", method="POST",
                        json={"subscription": browser}).get_json()["url"]
    assert "Benachrichtigung im Browser" in resident.open(url).text


@pytest.fixture
def signed_up(app, make_contact):
    """A browser that gets pushes: its contact and its subscription, as pages tell it."""
    browser = subscription()
    canonical = app.extensions["channels"]["push"].clean(json.dumps(browser))
    return make_contact("push", canonical), browser


def ask(visitor, path, **body):
    return visitor.open(path, method="POST", json=body)


def test_a_test_push_goes_out_on_demand_three_times_a_day(other, signed_up, sent):
    _contact, browser = signed_up
    assert [ask(other, "/push/probe", subscription=browser).status_code
            for _ in range(4)] == [202, 202, 202, 429]
    assert sent() == [("push", "test")] * 3
    assert ask(other, "/push/probe", subscription=subscription()).status_code == 404


def test_a_revoked_permission_hands_over_to_the_stand_in(
        session, other, signed_up, now, sent):
    contact, browser = signed_up
    mail = Contact(subscriber=contact.subscriber, channel="email", stands_in=True,
                   created_at=now, state="active")
    session.add(mail)
    session.commit()
    assert ask(other, "/push/abmelden", subscription=browser, revoked=True).status_code == 200
    assert sent() == [("email", "stand_in")]
    assert [(c.channel, c.stands_in) for c in session.scalars(select(Contact))] == [
        ("email", False)]


def test_fewer_of_these_leads_to_the_topic_that_the_resident_chose(
        session, other, make_contact, make_topic, app, now):
    browser = subscription()
    first, own = make_topic("eins"), make_topic("zwei")
    make_contact("push", app.extensions["channels"]["push"].clean(json.dumps(browser)),
                 pairs=((own, None),))
    announcement = publishing.save(session, publishing.Draft(
        "Sperrung", "Zu.", topics=[first.id, own.id]), now)
    session.commit()
    number, chosen = announcement.id, own.id
    for about, place in ((f"a{number}", f"#thema-{chosen}"), ("a999999", ""), ("d7", ""),
                         ("a" + "9" * 400, ""), (None, ""), (["a1"], ""), ("a²", "")):
        url = ask(other, "/push/einstellungen", subscription=browser,
                  about=about).get_json()["url"]
        assert url.partition("#")[2] == place.removeprefix("#")
    assert f'id="thema-{chosen}"' in other.open(ask(
        other, "/push/einstellungen", subscription=browser).get_json()["url"]).text


def test_browsers_with_older_keys_are_known_and_move_to_the_newest(
        make_app, session, other, make_contact):
    older, newer = new_private_key(), new_private_key()
    old, new = subscription("old"), subscription("new")
    app = make_app(vapid_private_key=newer + older)
    channel = app.extensions["channels"]["push"]
    keys = application_server_keys(newer + older)
    make_contact("push", channel.clean(json.dumps({**old, "key": keys[1]})))
    visitor = Resident(app.test_client())
    assert visitor.open("/push/schluessel").get_json() == {"key": keys[0]}
    # the service worker of an old subscription may not say which key it was made with
    assert ask(visitor, "/push/einstellungen", subscription=old).status_code == 200
    assert ask(visitor, "/push/wechsel", old=old, new={**new, "key": keys[0]}).status_code == 200
    contact, = pushes(session)
    sealed = app.extensions["seals"].open("push", contact.address)
    assert sealed == channel.clean(json.dumps(new))
    foreign = application_server_keys(new_private_key())[0]
    answer = ask(visitor, "/push/wechsel", old=new, new={**subscription(), "key": foreign})
    assert (answer.status_code, answer.get_json()["error"]["code"]) == (422, "push_key_unknown")


def test_the_service_worker_may_serve_the_whole_site_and_is_always_asked_for_anew(resident):
    answer = resident.open("/service-worker.js")
    assert answer.content_type.startswith("text/javascript")
    assert answer.headers["Cache-Control"] == "no-cache"
    assert "pushsubscriptionchange" in answer.text


def test_pushes_that_are_not_set_up_are_refused_in_one_shape(make_app):
    answer = make_app().test_client().post("/push/abmelden", json={"subscription": {}})
    assert (answer.status_code, answer.get_json()["error"]["code"]) == (404, "not_set_up")
