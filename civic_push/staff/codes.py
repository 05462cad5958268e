"""The second factor of those who sign in with a password: codes from an app (TOTP, RFC 6238),
and recovery codes for the day the phone is gone."""

from __future__ import annotations

import hmac
import re
import secrets
from datetime import datetime
from typing import Any

from flask import current_app
from passlib.exc import TokenError
from passlib.totp import TOTP
from sqlalchemy import delete, func, select, update
from sqlalchemy.orm import Session

from civic_push.config import settings
from civic_push.staff.models import RecoveryCode, Staff

CODES = 10  # recovery codes handed out at a time
SKEW = 30  # seconds a phone's clock may be wrong, either way
_LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"  # without i, l, o, 0, 1: they are copied by hand


def new_secret() -> str:
    """A new TOTP secret, sealed: fit for a cookie and the database."""
    return str(_totp().new().to_json(encrypt=True))


def address(sealed: str, email: str) -> str:
    """The otpauth: address that an app reads from the QR code."""
    return str(_totp().from_source(sealed).to_uri(email))


def readable(sealed: str) -> str:
    """The secret in groups of letters, for typing it in."""
    return str(_totp().from_source(sealed).pretty_key(sep=" "))


def check(session: Session, staff: Staff, sealed: str, typed: str, now: datetime) -> bool:
    """Whether this is the app's code of this moment, not used before. Uses it up. Does not
    commit."""
    digits = re.sub(r"\s", "", typed)
    if not re.fullmatch(r"[0-9]{6}", digits):
        return False
    try:
        match = _totp().verify(digits, sealed, time=now, window=SKEW,
                               last_counter=staff.totp_counter or None)
    except TokenError:
        return False
    used = session.execute(  # two at once: one of them comes too late
        update(Staff).where(Staff.id == staff.id, Staff.totp_counter < match.counter)
        .values(totp_counter=match.counter).execution_options(synchronize_session=False))
    session.expire(staff, ["totp_counter"])
    return bool(used.rowcount)  # type: ignore[attr-defined]


def new_recovery_codes(session: Session, staff: Staff) -> list[str]:
    """Hand out new recovery codes; older ones end. Does not commit."""
    forget_recovery_codes(session, staff)
    codes = ["-".join("".join(secrets.choice(_LETTERS) for _ in range(4)) for _ in range(4))
             for _ in range(CODES)]  # 79 bits each
    session.add_all(RecoveryCode(staff_id=staff.id, digest=_digest(staff, code))
                    for code in codes)
    return codes


def forget_recovery_codes(session: Session, staff: Staff) -> None:
    """End all of somebody's recovery codes. Does not commit."""
    session.execute(delete(RecoveryCode).where(RecoveryCode.staff_id == staff.id))


def use_recovery_code(session: Session, staff: Staff, typed: str) -> bool:
    """Whether this is one of the recovery codes; it is used up. Does not commit."""
    done = session.execute(delete(RecoveryCode).where(
        RecoveryCode.staff_id == staff.id, RecoveryCode.digest == _digest(staff, typed)))
    return bool(done.rowcount)  # type: ignore[attr-defined]


def recovery_codes_left(session: Session, staff: Staff) -> int:
    """How many recovery codes somebody has."""
    return session.scalar(select(func.count()).select_from(RecoveryCode).where(
        RecoveryCode.staff_id == staff.id)) or 0


def _totp() -> Any:
    key = hmac.digest(_key(), b"staff totp", "sha256").hex()
    return TOTP.using(issuer=f"{settings().sender} – Redaktion", secrets={"1": key})


def _digest(staff: Staff, code: str) -> bytes:
    """Keyed, so that a stolen database cannot be searched for codes."""
    plain = re.sub(r"[\s–-]", "", code).casefold()
    return hmac.digest(_key(), f"recovery {staff.id} {plain}".encode(), "sha256")


def _key() -> bytes:
    return str(current_app.secret_key).encode()
