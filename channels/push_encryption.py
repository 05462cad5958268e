"""Message encryption for Web Push: RFC 8291 over RFC 8188 (aes128gcm), one record.

Written on `cryptography` directly instead of on http_ece, because parsing keys and HKDF
objects there cost more than the key agreement itself; the tests hold both together.
"""

from __future__ import annotations

import base64
import binascii
import hmac
import os
import re

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

MAX_BODY = 4096  # bytes every push service must take, RFC 8030 section 5
RECORD_SIZE = 4096
_HEADER = 16 + 4 + 1 + 65  # salt, record size, key id length, key id: our public key
MAX_PLAINTEXT = MAX_BODY - _HEADER - 1 - 16  # padding delimiter and tag: 3993 bytes

_CURVE = ec.SECP256R1()
_ECDH = ec.ECDH()
_FRAME = RECORD_SIZE.to_bytes(4, "big") + bytes((65,))
_BASE64URL = re.compile(r"[A-Za-z0-9_-]*={0,2}")


def encrypt(plaintext: bytes, p256dh: bytes, auth: bytes) -> bytes:
    """Return the body of a push message for one subscription.

    `plaintext` is at most MAX_PLAINTEXT bytes, `p256dh` the browser's public key (65 bytes,
    uncompressed point), `auth` its secret (16 bytes). Key pair and salt are new each time.
    Raises ValueError for a point that is not on P-256 or a text that is too long.
    """
    return encrypt_with(plaintext, p256dh, auth, ec.generate_private_key(_CURVE),
                        os.urandom(16))


def encrypt_with(plaintext: bytes, p256dh: bytes, auth: bytes,
                 private_key: ec.EllipticCurvePrivateKey, salt: bytes) -> bytes:
    """`encrypt` with key pair and salt (16 bytes) given. Use each of them only once."""
    if len(plaintext) > MAX_PLAINTEXT:
        raise ValueError(f"a push message carries at most {MAX_PLAINTEXT} bytes")
    theirs = ec.EllipticCurvePublicKey.from_encoded_point(_CURVE, p256dh)
    ours = private_key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    # RFC 8291 section 3.4; all outputs fit one block, so HKDF-Expand is one HMAC
    secret = hmac.digest(auth, private_key.exchange(_ECDH, theirs), "sha256")
    ikm = hmac.digest(secret, b"WebPush: info\x00" + p256dh + ours + b"\x01", "sha256")
    prk = hmac.digest(salt, ikm, "sha256")
    key = hmac.digest(prk, b"Content-Encoding: aes128gcm\x00\x01", "sha256")[:16]
    nonce = hmac.digest(prk, b"Content-Encoding: nonce\x00\x01", "sha256")[:12]
    # \x02 ends the text of the last (here: only) record
    return salt + _FRAME + ours + AESGCM(key).encrypt(nonce, plaintext + b"\x02", None)


def check_keys(p256dh: bytes, auth: bytes) -> None:
    """Raise ValueError unless these are a point on P-256 and a 16-byte secret."""
    if len(auth) != 16:
        raise ValueError("auth is not 16 bytes long")
    if len(p256dh) != 65 or p256dh[0] != 4:
        raise ValueError("p256dh is not an uncompressed point")
    ec.EllipticCurvePublicKey.from_encoded_point(_CURVE, p256dh)


def b64url_encode(data: bytes) -> str:
    """Base64url without padding, RFC 7515 section 2."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def b64url_decode(text: str) -> bytes:
    """Decode base64url with or without padding; ValueError for anything else."""
    if not _BASE64URL.fullmatch(text):
        raise ValueError("not base64url")
    bare = text.rstrip("=")
    try:
        return base64.urlsafe_b64decode(bare + "=" * (-len(bare) % 4))
    except binascii.Error as error:
        raise ValueError("not base64url") from error
