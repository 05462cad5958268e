"""Voluntary application server identification, RFC 8292: who we are, to push services.

Signing costs as much as encrypting a message, and the token says nothing about the
message: one token serves a push service for an hour.

A browser subscribes with one public key, and its push service takes only what the matching
private key signed. So that a key can be renewed, we may have several: PEM blocks one after
the other, the newest first. New subscriptions are made with the first.
"""

from __future__ import annotations

import re
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
    """Our identity: key pairs and a contact."""

    def __init__(self, private_keys: str, subject: str) -> None:
        """`private_keys` are PEM (P-256), newest first; `subject` a mailto: or https: URI.
        Raises ValueError for others."""
        self._keys = {key_name(_public(key)): key for key in map(_read, blocks(private_keys))}
        if not subject.startswith(("mailto:", "https://")) or len(subject) < 10:
            raise ValueError("the VAPID subject must begin with mailto: or https://")
        self.subject = subject
        self.newest = next(iter(self._keys))
        self._tokens: dict[tuple[str, str], tuple[float, bytes]] = {}

    def __contains__(self, name: object) -> bool:
        """Whether we have the key of this name."""
        return name in self._keys

    def authorization(self, origin: str, now: float | None = None, key: str = "") -> bytes:
        """The Authorization header line for a push service ("https://host[:port]"), the
        same object for up to an hour. `now` is in Unix seconds; `key` the name of the key
        to sign with, "" for the newest."""
        now = time.time() if now is None else now
        key = key or self.newest
        made_at, line = self._tokens.get((origin, key), (float("-inf"), b""))
        if not 0 <= now - made_at < _RENEW:
            # "no-strict": py_vapid's own check of `sub` knows no path or port
            claims = {"aud": origin, "exp": int(now) + _LIFE, "sub": self.subject}
            signer = Vapid02(self._keys[key], conf={"no-strict": True})
            line = f"Authorization: {signer.sign(claims)['Authorization']}".encode()
            self._tokens[origin, key] = (now, line)
        return line


def application_server_keys(private_keys: str) -> list[str]:
    """The public keys, newest first, as a page hands one to `pushManager.subscribe`:
    base64url of the uncompressed point. Raises ValueError for what is not P-256 in PEM."""
    return [_public(_read(block)) for block in blocks(private_keys)]


def key_name(public_key: str) -> str:
    """What tells a key from our others, given its applicationServerKey: eight characters."""
    return public_key[-8:]


def blocks(private_keys: str) -> list[str]:
    """The PEM blocks of a setting; all of it as one where there is none to be seen."""
    # an environment variable on one line carries line breaks as \n
    text = private_keys.replace("\\n", "\n")
    return re.findall(r"-----BEGIN [^-]+-----[^-]+-----END [^-]+-----\n?", text) or [text]


def new_private_key() -> str:
    """A new P-256 private key, PEM (PKCS #8)."""
    return ec.generate_private_key(ec.SECP256R1()).private_bytes(
        Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


def _public(key: ec.EllipticCurvePrivateKey) -> str:
    return b64url_encode(key.public_key().public_bytes(
        Encoding.X962, PublicFormat.UncompressedPoint))


def _read(private_key: str) -> ec.EllipticCurvePrivateKey:
    try:
        key = load_pem_private_key(private_key.encode(), password=None)
    except (ValueError, TypeError) as error:
        raise ValueError("the VAPID key is not a private key in PEM") from error
    if not isinstance(key, ec.EllipticCurvePrivateKey) or key.curve.name != "secp256r1":
        raise ValueError("the VAPID key is not a P-256 key")
    return key
