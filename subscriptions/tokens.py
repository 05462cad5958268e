"""Signed links and codes. Nothing secret is stored: a token is made when it is sent.

A token is base64url over: purpose (1 byte), contact id (6), expiry in Unix seconds or 0
(5), HMAC-SHA256 cut to 16 bytes (RFC 2104 section 5 allows no less than half): always
38 characters, so that it can be swapped into composed templates.
"""

from __future__ import annotations

import base64
import binascii
import hmac
from datetime import UTC, datetime
from enum import IntEnum

LENGTH = 38
_BODY = 12  # bytes before the MAC


class Purpose(IntEnum):
    """What a token entitles to. One purpose never stands in for another."""

    CONFIRM = 1  # verify a contact
    LEAVE = 2  # end a contact; never expires
    MANAGE = 3  # read and change a subscriber's choices
    TELEGRAM = 4  # link a chat to a pending contact
    STAFF = 9  # set up an account at the desk; the number is the account's, not a contact's
    PAGE = 5  # an open page of a subscriber's choices; short-lived, for one browser


class BadToken(ValueError):
    """A link that was not made by us, was damaged, or is for something else."""


class ExpiredToken(BadToken):
    """A genuine link whose time is over."""


class Tokens:
    """Makes and reads tokens with one 32-byte (or longer) secret."""

    def __init__(self, secret: bytes) -> None:
        self._key = hmac.digest(secret, b"civic-push tokens v1", "sha256")

    def make(self, purpose: Purpose, contact_id: int, *, challenge: int = 0,
             expires_at: datetime | None = None) -> str:
        """Sign a token. `challenge` ties it to a state of the contact: renew that, and
        older tokens no longer hold."""
        expiry = int(expires_at.timestamp()) if expires_at else 0
        body = bytes((purpose,)) + contact_id.to_bytes(6, "big") + expiry.to_bytes(5, "big")
        token = base64.urlsafe_b64encode(body + self._mac(body, challenge))
        return token.rstrip(b"=").decode()

    def contact_id(self, token: str) -> int:
        """The contact a token claims to be for; prove it with `check`. Raises BadToken."""
        return int.from_bytes(_decode(token)[1:7], "big")

    def check(self, purpose: Purpose, token: str, *, now: datetime, challenge: int = 0) -> int:
        """Return the contact id of a genuine, unexpired token; raise BadToken otherwise."""
        raw = _decode(token)
        body, mac = raw[:_BODY], raw[_BODY:]
        if not hmac.compare_digest(mac, self._mac(body, challenge)) or body[0] != purpose:
            raise BadToken("not a token for this")
        expiry = int.from_bytes(body[7:12], "big")
        if expiry and now.timestamp() >= expiry:
            raise ExpiredToken("this token has expired")
        return int.from_bytes(body[1:7], "big")

    def expires_at(self, token: str) -> datetime:
        """When a token claims to expire; prove it with `check`. Raises BadToken."""
        return datetime.fromtimestamp(int.from_bytes(_decode(token)[7:12], "big"), UTC)

    def code(self, contact_id: int, challenge: int) -> str:
        """The six digits that an SMS carries for this contact and challenge."""
        digest = hmac.digest(self._key, f"code {contact_id} {challenge}".encode(), "sha256")
        return f"{int.from_bytes(digest[:8], 'big') % 1_000_000:06d}"

    def check_code(self, contact_id: int, challenge: int, typed: str) -> bool:
        """Compare a typed code in constant time; the caller counts tries."""
        digits = "".join(c for c in typed if c.isascii() and c.isdigit())
        return hmac.compare_digest(digits, self.code(contact_id, challenge))

    def _mac(self, body: bytes, challenge: int) -> bytes:
        return hmac.digest(self._key, body + challenge.to_bytes(8, "big"), "sha256")[:16]


def _decode(token: str) -> bytes:
    if len(token) != LENGTH:
        raise BadToken("not a token")
    try:
        return base64.b64decode(token + "==", altchars=b"-_", validate=True)
    except (ValueError, binascii.Error) as error:
        raise BadToken("not a token") from error
