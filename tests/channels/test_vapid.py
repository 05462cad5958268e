"""RFC 8292 identification, checked by the push service's side of it."""

from __future__ import annotations

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from py_vapid import Vapid02

from channels.push_encryption import b64url_decode
from channels.vapid import Vapid, application_server_keys, key_name, new_private_key
from tests.stand_ins.vapid_check import VapidError, check_vapid

NOW = 1_795_000_000.0
KEY = new_private_key()
FCM, MOZILLA = "https://fcm.googleapis.com", "https://updates.push.services.mozilla.com"


def value(line: bytes) -> str:
    name, _, rest = line.decode().partition(": ")
    assert name == "Authorization"
    return rest


@pytest.mark.parametrize("subject", [
    "mailto:push@example.org", "https://push.example.org", "https://push.example.org:8443/kontakt",
    "mailto:webpush@localhost"])
def test_a_push_service_accepts_the_token_as_ours(subject: str) -> None:
    header = value(Vapid(KEY, subject).authorization(FCM, NOW))
    key, claims = check_vapid(header, FCM, NOW)
    assert key == b64url_decode(application_server_keys(KEY)[0])
    assert claims == {"aud": FCM, "exp": int(NOW) + 12 * 3600, "sub": subject}
    assert Vapid02.verify(header)


def test_one_token_serves_a_push_service_for_an_hour() -> None:
    vapid = Vapid(KEY, "mailto:push@example.org")
    first = vapid.authorization(FCM, NOW)
    assert vapid.authorization(FCM, NOW + 3599) is first
    later = vapid.authorization(FCM, NOW + 3600)
    assert later != first
    assert check_vapid(value(later), FCM, NOW + 3600)[1]["exp"] == int(NOW) + 13 * 3600


def test_a_clock_set_back_does_not_keep_a_token_from_the_future() -> None:
    vapid = Vapid(KEY, "mailto:push@example.org")
    vapid.authorization(FCM, NOW)
    check_vapid(value(vapid.authorization(FCM, NOW - 20 * 3600)), FCM, NOW - 20 * 3600)


def test_each_push_service_gets_a_token_of_its_own() -> None:
    vapid = Vapid(KEY, "mailto:push@example.org")
    tokens = {origin: value(vapid.authorization(origin, NOW)) for origin in (FCM, MOZILLA)}
    check_vapid(tokens[FCM], FCM, NOW)
    check_vapid(tokens[MOZILLA], MOZILLA, NOW)
    with pytest.raises(VapidError, match="aud"):
        check_vapid(tokens[FCM], MOZILLA, NOW)


@pytest.mark.parametrize("subject", ["", "push@example.org", "http://example.org", "mailto:",
                                     "https://"])
def test_a_subject_nobody_can_turn_to_is_refused(subject: str) -> None:
    with pytest.raises(ValueError, match="subject"):
        Vapid(KEY, subject)


def _pem(key: ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey) -> str:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


@pytest.mark.parametrize("key", [
    "", "nonsense", "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n",
    _pem(ec.generate_private_key(ec.SECP384R1())), _pem(rsa.generate_private_key(65537, 2048))])
def test_a_key_that_is_not_p256_is_refused_without_being_repeated(key: str) -> None:
    with pytest.raises(ValueError, match="the VAPID key is not") as caught:
        Vapid(key, "mailto:push@example.org")
    assert "BEGIN" not in str(caught.value)


def test_a_key_on_one_line_of_an_environment_file_works() -> None:
    assert application_server_keys(KEY.replace("\n", "\\n")) == application_server_keys(KEY)


def test_the_application_server_key_is_an_uncompressed_point() -> None:
    point = b64url_decode(application_server_keys(KEY)[0])
    assert len(point) == 65
    assert point[0] == 4
    assert new_private_key() != new_private_key()


def test_each_of_several_keys_signs_for_its_own_subscriptions() -> None:
    older = new_private_key()
    vapid = Vapid(KEY + older, "mailto:push@example.org")
    keys = application_server_keys(KEY + older)
    assert keys == [application_server_keys(k)[0] for k in (KEY, older)]
    for key in keys:
        line = vapid.authorization(FCM, NOW, key_name(key))
        assert check_vapid(value(line), FCM, NOW)[0] == b64url_decode(key)
        assert vapid.authorization(FCM, NOW + 60, key_name(key)) is line
    assert vapid.authorization(FCM, NOW) is vapid.authorization(FCM, NOW, key_name(keys[0]))
    assert key_name(keys[1]) in vapid
    assert key_name(application_server_keys(new_private_key())[0]) not in vapid
