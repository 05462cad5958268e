"""Browsers that are signed in: a cookie holds a random key, the database its hash. Ending a
row ends the session at once, whatever the cookie says."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import delete, or_, select
from sqlalchemy.orm import Session

from civic_push.staff.models import DeskSession, Staff

IDLE = timedelta(hours=12)  # without a page, a session ends
LONGEST = timedelta(days=7)  # after which one signs in again in any case
FRESH = timedelta(minutes=30)  # how long after signing in one may change one's own keys
NOTED_EVERY = timedelta(minutes=5)  # `seen_at` is no more exact than this

_BROWSERS = (("Edg/", "Edge"), ("OPR/", "Opera"), ("Firefox/", "Firefox"),
             ("Chrome/", "Chrome"), ("Safari/", "Safari"))
_SYSTEMS = (("Android", "Android"), ("iPhone", "iPhone"), ("iPad", "iPad"),
            ("Windows", "Windows"), ("Mac OS X", "macOS"), ("Linux", "Linux"))


def begin(session: Session, staff: Staff, strong: bool, device: str, now: datetime) -> str:
    """Open a session and return the key for its cookie. `strong`: by two factors or a
    passkey. Does not commit."""
    key = secrets.token_urlsafe(32)
    session.add(DeskSession(staff_id=staff.id, digest=_digest(key), strong=strong,
                            device=device[:80], created_at=now, seen_at=now))
    session.flush()
    return key


def alive(session: Session, key: str, now: datetime) -> DeskSession | None:
    """The session with this key, unless it has ended."""
    return session.scalar(select(DeskSession).where(
        DeskSession.digest == _digest(key), DeskSession.seen_at > now - IDLE,
        DeskSession.created_at > now - LONGEST))


def of(session: Session, staff: Staff, now: datetime) -> Sequence[DeskSession]:
    """Somebody's open sessions, the latest first."""
    return session.scalars(
        select(DeskSession).where(DeskSession.staff_id == staff.id,
                                  DeskSession.seen_at > now - IDLE,
                                  DeskSession.created_at > now - LONGEST)
        .order_by(DeskSession.seen_at.desc(), DeskSession.id.desc())).all()


def end(session: Session, staff: Staff, number: int | None = None,
        keep: int | None = None) -> int:
    """End one of somebody's sessions, or all of them (but the one to `keep`). Return how
    many. Does not commit."""
    which = delete(DeskSession).where(DeskSession.staff_id == staff.id)
    if number is not None:
        which = which.where(DeskSession.id == number)
    if keep is not None:
        which = which.where(DeskSession.id != keep)
    return int(session.execute(which).rowcount)  # type: ignore[attr-defined]


def forget_ended(session: Session, now: datetime) -> None:
    """Remove sessions that have run out. The clock does it; the caller commits."""
    session.execute(delete(DeskSession).where(or_(
        DeskSession.seen_at <= now - IDLE, DeskSession.created_at <= now - LONGEST)))


def device_of(agent: str) -> str:
    """What to call a browser in a list, from its User-Agent: no more than its owner needs to
    know it again by."""
    browser = next((name for mark, name in _BROWSERS if mark in agent), "")
    system = next((name for mark, name in _SYSTEMS if mark in agent), "")
    return ", ".join(filter(None, (browser, system)))


def _digest(key: str) -> bytes:
    return hashlib.sha256(key.encode()).digest()
