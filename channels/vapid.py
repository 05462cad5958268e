"""Voluntary application server identification, RFC 8292: who we are, to push services.

Signing costs as much as encrypting a message, and the token says nothing about the
message: one token serves a push service for an hour.
"""

from __future__ import annotations

import time

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)
from py_vapid import Vapid02

from channels.push_encryption import b64url_encode

_RENEW = 3600  # seconds a token is used
_LIFE = 12 * 3600  # seconds it is good for; RFC 8292 allows 24 h, clocks may differ


class Vapid:
    """Our identity: a key pair and a contact."""

    def __init__(self, private_key: str, subject: str) -> None:
        """`private_key` is PEM (P-256); `subject` a mailto: or https: URI. Raises
        ValueError for others."""
        self._key = _read(private_key)
        if not subject.startswith(("mailto:", "https://")) or len(subject) < 10:
            raise ValueError("the VAPID subject must begin with mailto: or https://")
        self.subject = subject
        self._tokens: dict[str, tuple[float, bytes]] = {}

    def authorization(self, origin: str, now: float | None = None) -> bytes:
        """The Authorization header line for a push service ("https://host[:port]"), the
        same object for up to an hour. `now` is in Unix seconds."""
        now = time.time() if now is None else now
        made_at, line = self._tokens.get(origin, (float("-inf"), b""))
        if not 0 <= now - made_at < _RENEW:
            # "no-strict": py_vapid's own check of `sub` knows no path or port
            claims = {"aud": origin, "exp": int(now) + _LIFE, "sub": self.subject}
            signed = Vapid02(self._key, conf={"no-strict": True}).sign(claims)["Authorization"]
            line = f"Authorization: {signed}".encode()
            self._tokens[origin] = (now, line)
        return line


def application_server_key(private_key: str) -> str:
    """The public key that a page hands to `pushManager.subscribe`: base64url of the
    uncompressed point. Raises ValueError for a key that is not P-256 in PEM."""
    return b64url_encode(_read(private_key).public_key().public_bytes(
        Encoding.X962, PublicFormat.UncompressedPoint))


def new_private_key() -> str:
    """A new P-256 private key, PEM (PKCS #8)."""
    return ec.generate_private_key(ec.SECP256R1()).private_bytes(
        Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


def _read(private_key: str) -> ec.EllipticCurvePrivateKey:
    # an environment variable on one line carries line breaks as \n
    pem = private_key.replace("\\n", "\n").encode()
    try:
        key = load_pem_private_key(pem, password=None)
    except (ValueError, TypeError) as error:
        raise ValueError("the VAPID key is not a private key in PEM") from error
    if not isinstance(key, ec.EllipticCurvePrivateKey) or key.curve.name != "secp256r1":
        raise ValueError("the VAPID key is not a P-256 key")
    return key
