"""What browsers bring as a subscription, and what nobody should get past us as one."""

from __future__ import annotations

import json

import pytest

from channels.base import InvalidAddress
from channels.vapid import application_server_keys, key_name, new_private_key
from channels.web_push import WebPush
from civic_push.config import Settings
from tests.stand_ins.browser_keys import Browser

KEY = new_private_key()


def test_the_browsers_json_and_the_canonical_spelling_become_the_same() -> None:
    browser = Browser("https://UPDATES.push.services.mozilla.com:443/wpush/v2/gAAAAABl-_=~")
    push = WebPush(KEY, "mailto:a@b.de", ["*.push.services.mozilla.com"])
    cleaned = push.clean(json.dumps(browser.subscription, indent=1))
    name = key_name(application_server_keys(KEY)[0])
    assert cleaned == (f"{name} {browser.auth} {browser.p256dh} "
                       "https://updates.push.services.mozilla.com/wpush/v2/gAAAAABl-_=~")
    assert push.clean(cleaned) == cleaned
    padded = {**browser.subscription, "keys": {"auth": browser.auth + "==",
                                               "p256dh": browser.p256dh + "="}}
    assert push.clean(json.dumps(padded)) == cleaned


@pytest.mark.parametrize("endpoint", [
    "https://fcm.googleapis.com/fcm/send/abc:APA91b",
    "https://updates.push.services.mozilla.com/wpush/v2/gAAA",
    "https://wns2-par02p.notify.windows.com/w/?token=BQYAAAC%2bx",
    "https://web.push.apple.com/QGx"])
def test_the_services_of_all_browsers_are_known(endpoint: str) -> None:
    push = WebPush(KEY, "mailto:a@b.de", Settings().push_services)
    assert push.clean(Browser(endpoint).address).endswith(endpoint)


@pytest.mark.parametrize("endpoint", [
    "https://evil.example/x", "http://fcm.googleapis.com/x", "https://fcm.googleapis.com.evil.de/x",
    "https://fcm.googleapis.com:8443/x", "https://xfcm.googleapis.com/x",
    "https://push.apple.com/x", "https://localhost/x", "https://127.0.0.1/x",
    "http://127.0.0.1:8123x/y", "http://127.0.0.1:8124/y"])
def test_other_services_are_unknown(endpoint: str) -> None:
    push = WebPush(KEY, "mailto:a@b.de", ["fcm.googleapis.com", "*.push.apple.com",
                                          "http://127.0.0.1:8123"])
    with pytest.raises(InvalidAddress) as caught:
        push.clean(Browser(endpoint).address)
    assert caught.value.code in ("push_service_unknown", "push_malformed")
    assert "http" not in str(caught.value)


@pytest.mark.parametrize("endpoint", [
    "", "fcm.googleapis.com/x", "https://fcm.googleapis.com", "ftp://fcm.googleapis.com/x",
    "https://user@fcm.googleapis.com/x", "https://evil.de@fcm.googleapis.com/x",
    "https://fcm.googleapis.com@evil.de/x", "https://fcm.googleapis.com\\@evil.de/x",
    "https://fcm.googleapis.com/a b", "https://fcm.googleapis.com/\r\nX: y",
    "https://fcm.googleapis.com/\u00e4", "https://fcm.googleapis.com/x#y",
    "https://fcm.googleapis.com/\n", "https://[::1]/x", "https://fcm.googleapis.com/" + "x" * 990])
def test_endpoints_that_are_none_are_malformed(endpoint: str) -> None:
    push = WebPush(KEY, "mailto:a@b.de", ["fcm.googleapis.com"])
    with pytest.raises(InvalidAddress) as caught:
        push.clean(json.dumps(Browser(endpoint).subscription))
    assert caught.value.code == "push_malformed"


_BROWSER = Browser("https://fcm.googleapis.com/x")


@pytest.mark.parametrize("text", [
    "", "{", "{}", "[]", "null", '{"endpoint": 1, "keys": {}}', '{"keys": "x", "endpoint": "y"}',
    json.dumps({**_BROWSER.subscription, "keys": {"auth": 5, "p256dh": None}}),
    json.dumps({**_BROWSER.subscription, "keys": {"auth": "x", "p256dh": _BROWSER.p256dh}}),
    json.dumps({**_BROWSER.subscription, "keys": {"auth": _BROWSER.auth, "p256dh": "BA"}}),
    _BROWSER.address.replace(" ", "  "), _BROWSER.address + " x", "{" * 100_000, "x" * 5000,
    '{"a":' * 700])
def test_what_is_no_subscription_is_malformed(text: str) -> None:
    push = WebPush(KEY, "mailto:a@b.de", ["fcm.googleapis.com"])
    with pytest.raises(InvalidAddress) as caught:
        push.clean(text)
    assert caught.value.code == "push_malformed"


def test_a_subscription_keeps_the_key_it_was_made_with_and_no_foreign_one_is_taken() -> None:
    older, browser = new_private_key(), Browser("https://fcm.googleapis.com/fcm/send/abc")
    push = WebPush(KEY + older, "mailto:a@b.de", ["fcm.googleapis.com"])
    newest, before = application_server_keys(KEY + older)
    for key in (newest, before):
        cleaned = push.clean(json.dumps({**browser.subscription, "key": key}))
        assert cleaned.startswith(f"{key_name(key)} ")
        assert push.clean(cleaned) == cleaned
    assert push.clean(json.dumps(browser.subscription)).startswith(key_name(newest))
    for foreign in (application_server_keys(new_private_key())[0], "", "x"):
        with pytest.raises(InvalidAddress) as caught:
            push.clean(json.dumps({**browser.subscription, "key": foreign}))
        assert caught.value.code == "push_key_unknown"
    with pytest.raises(InvalidAddress) as caught:
        push.clean(json.dumps({**browser.subscription, "key": 7}))
    assert caught.value.code == "push_malformed"
