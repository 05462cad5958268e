"""RFC 8291 encryption: the RFC's own example, and both ways against http_ece."""

from __future__ import annotations

import http_ece
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import given
from hypothesis import strategies as st

from channels.push_encryption import (
    MAX_BODY,
    MAX_PLAINTEXT,
    b64url_decode,
    b64url_encode,
    check_keys,
    encrypt,
    encrypt_with,
)

# RFC 8291 section 5 and appendix A
PLAINTEXT = b"When I grow up, I want to be a watermelon"
SERVER_PRIVATE = "yfWPiYE-n46HLnH0KqZOF1fJJU3MYrct3AELtAQ-oRw"
BROWSER_PUBLIC = ("BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRp"
                  "kNtoIAiw4")
BROWSER_PRIVATE = "q1dXpw3UpT5VOmu_cf_v6ih07Aems3njxI-JWgLcM94"
AUTH = "BTBZMqHH6r4Tts7J_aSIgg"
SALT = "DGv6ra1nlYgDCS1FRnbzlw"
BODY = ("DGv6ra1nlYgDCS1FRnbzlwAAEABBBP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vCYLocInmY"
        "WAmS6TlzAC8wEqKK6PBru3jl7A_yl95bQpu6cVPTpK4Mqgkf1CXztLVBSt2Ks3oZwbuwXPXLWyouBWLVWGNWQexS"
        "gSxsj_Qulcy4a-fN")

BROWSER = ec.generate_private_key(ec.SECP256R1())
P256DH = BROWSER.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
SECRET = bytes(range(16))


def private(text: str) -> ec.EllipticCurvePrivateKey:
    return ec.derive_private_key(int.from_bytes(b64url_decode(text), "big"), ec.SECP256R1())


def test_the_example_of_rfc_8291_comes_out_to_the_byte() -> None:
    body = encrypt_with(PLAINTEXT, b64url_decode(BROWSER_PUBLIC), b64url_decode(AUTH),
                        private(SERVER_PRIVATE), b64url_decode(SALT))
    assert b64url_encode(body) == BODY


def test_the_example_of_rfc_8291_decrypts_with_http_ece() -> None:
    text = http_ece.decrypt(b64url_decode(BODY), private_key=private(BROWSER_PRIVATE),
                            auth_secret=b64url_decode(AUTH), version="aes128gcm")
    assert text == PLAINTEXT


@given(st.binary(max_size=MAX_PLAINTEXT))
def test_what_we_encrypt_http_ece_decrypts_and_it_fits_a_push_message(text: bytes) -> None:
    body = encrypt(text, P256DH, SECRET)
    assert len(body) <= MAX_BODY
    assert http_ece.decrypt(body, private_key=BROWSER, auth_secret=SECRET,
                            version="aes128gcm") == text


def test_pywebpush_makes_the_same_body_of_the_same_key_and_salt() -> None:
    ours = ec.generate_private_key(ec.SECP256R1())
    salt = bytes(range(16, 32))
    theirs = http_ece.encrypt(b"Umleitung", salt=salt, private_key=ours, dh=P256DH,
                              auth_secret=SECRET, rs=4096, version="aes128gcm")
    assert encrypt_with(b"Umleitung", P256DH, SECRET, ours, salt) == theirs


def test_the_longest_text_makes_exactly_the_longest_body() -> None:
    assert len(encrypt(b"x" * MAX_PLAINTEXT, P256DH, SECRET)) == MAX_BODY
    with pytest.raises(ValueError, match="at most 3993 bytes"):
        encrypt(b"x" * (MAX_PLAINTEXT + 1), P256DH, SECRET)


def test_key_pair_and_salt_are_new_for_every_message() -> None:
    bodies = [encrypt(b"x", P256DH, SECRET) for _ in range(50)]
    assert len({body[:16] for body in bodies}) == 50
    assert len({body[21:86] for body in bodies}) == 50


@pytest.mark.parametrize(("p256dh", "auth"), [
    (P256DH[:-1], SECRET), (P256DH[:-1] + bytes((P256DH[-1] ^ 1,)), SECRET),
    (b"\x02" + P256DH[1:33], SECRET), (b"\x00", SECRET), (b"", SECRET),
    (b"\x04" + bytes(64), SECRET), (P256DH, SECRET[:-1]), (P256DH, b"")],
    ids=range(8))  # the key is new each time: its bytes would name the tests differently
def test_keys_that_are_none_are_refused(p256dh: bytes, auth: bytes) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - from two libraries
        check_keys(p256dh, auth)


def test_good_keys_pass() -> None:
    check_keys(P256DH, SECRET)


@given(st.binary(max_size=100))
def test_base64url_comes_back_with_and_without_padding(data: bytes) -> None:
    text = b64url_encode(data)
    assert "=" not in text
    assert b64url_decode(text) == b64url_decode(text + "=" * (-len(text) % 4)) == data


@pytest.mark.parametrize("text", ["a+b/", "ä", "a b", "a\n", "A", "====", "a=b"])
def test_what_is_not_base64url_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="not base64url"):
        b64url_decode(text)
