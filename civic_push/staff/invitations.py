"""Invitations: an account without keys, and a letter with the link that sets it up.

The same letter goes out again when somebody has lost everything. A link holds three days, is
used once, and ends when a newer one is sent or the account is closed.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import update
from sqlalchemy.orm import Session

from civic_push.delivery.models import Delivery, Lane, Purpose
from civic_push.staff import accounts
from civic_push.staff.models import Staff
from subscriptions.tokens import BadToken, Tokens
from subscriptions.tokens import Purpose as TokenPurpose

LIFE = timedelta(days=3)


def invite(session: Session, email: str, roles: Sequence[str], now: datetime) -> Staff:
    """Make an account without any key, and write its letter, to leave after the caller's
    commit and `transactional.ring("email")`. Raises accounts.BadAccount."""
    address = accounts.clean(email)
    if accounts.find(session, address):
        raise accounts.AccountExists(address)
    staff = Staff(email=address, created_at=now, fs_uniquifier=uuid.uuid4().hex,
                  roles=accounts.roles_named(session, roles))
    session.add(staff)
    session.flush()
    write_letter(session, staff, now)
    return staff


def write_letter(session: Session, staff: Staff, now: datetime) -> None:
    """Write a letter with a new link; older links end. Does not commit."""
    staff.invitation = Staff.invitation + 1
    session.add(Delivery(
        purpose=Purpose.STAFF, outlet=staff.email, channel="email", lane=Lane.TRANSACTIONAL,
        due_at=now, expires_at=now + LIFE, created_at=now))
    session.flush()


def invited(session: Session, tokens: Tokens, token: str, now: datetime) -> Staff:
    """Whose link this is. Raises BadToken (or its child ExpiredToken) where it does not hold
    any more or never did."""
    staff = session.get(Staff, tokens.contact_id(token))
    if staff is None or not staff.active:
        raise BadToken("no such account")
    tokens.check(TokenPurpose.STAFF, token, now=now, challenge=staff.invitation)
    return staff


def use_up(session: Session, staff: Staff) -> bool:
    """End the link of this account; whether this call did it (two tabs). Does not commit."""
    seen = staff.invitation
    done = session.execute(
        update(Staff).where(Staff.id == staff.id, Staff.invitation == seen)
        .values(invitation=seen + 1).execution_options(synchronize_session=False))
    session.expire(staff, ["invitation"])
    return bool(done.rowcount)  # type: ignore[attr-defined]
