"""Browser push: what the page's script and the service worker say to the server."""

from __future__ import annotations

import base64
import json
import os

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from sqlalchemy import select

from subscriptions.models import Consent, Contact


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


def test_the_service_worker_may_serve_the_whole_site_and_is_always_asked_for_anew(resident):
    answer = resident.open("/service-worker.js")
    assert answer.content_type.startswith("text/javascript")
    assert answer.headers["Cache-Control"] == "no-cache"
    assert "pushsubscriptionchange" in answer.text


def test_the_manifest_names_icons_that_are_there(resident):
    manifest = resident.open("/manifest.webmanifest").get_json(force=True)
    for icon in manifest["icons"]:
        assert resident.open(icon["src"]).status_code == 200
    assert manifest["start_url"].startswith(manifest["scope"])


def test_pushes_that_are_not_set_up_are_refused_in_one_shape(make_app):
    answer = make_app().test_client().post("/push/abmelden", json={"subscription": {}})
    assert (answer.status_code, answer.get_json()["error"]["code"]) == (404, "not_set_up")
