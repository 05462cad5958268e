"""Who may work at the desk: making, finding and closing accounts."""

from __future__ import annotations

import secrets
import uuid
from collections.abc import Sequence
from datetime import datetime

from email_validator import EmailNotValidError, validate_email
from flask_security import hash_password
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session, selectinload

from civic_push.staff.models import Role, Staff

MIN_PASSWORD = 12
ROLES = {"editor": "Writes and publishes announcements.",
         "admin": "An editor who also looks after sources and accounts."}


class BadAccount(ValueError):
    """An account that cannot be made or found; the text says why, in one sentence."""


def create(session: Session, email: str, password: str, role: str, now: datetime) -> Staff:
    """Make an account. Needs an app context (the hash is Flask-Security's) and does not
    commit. Raises BadAccount for a bad address, a short password, an unknown role or an
    address that has an account."""
    address = clean(email)
    if len(password) < MIN_PASSWORD:
        raise BadAccount(f"The password needs at least {MIN_PASSWORD} characters.")
    if find(session, address):
        raise BadAccount(f"{address} has an account already.")
    staff = Staff(email=address, password=_hashed(password), created_at=now,
                  fs_uniquifier=uuid.uuid4().hex, roles=[_role(session, role)])
    session.add(staff)
    try:
        session.flush()
    except IntegrityError as error:  # somebody else made it in the meantime
        session.rollback()
        raise BadAccount(f"{address} has an account already.") from error
    return staff


def change_password(staff: Staff, password: str) -> None:
    """Set a new password and end every session of this account. Raises BadAccount."""
    if len(password) < MIN_PASSWORD:
        raise BadAccount(f"The password needs at least {MIN_PASSWORD} characters.")
    staff.password = _hashed(password)
    staff.fs_uniquifier = uuid.uuid4().hex


def disable(session: Session, email: str) -> Staff:
    """Close an account and end its sessions; what it wrote stays. Raises BadAccount."""
    staff = existing(session, email)
    staff.active = False
    staff.fs_uniquifier = uuid.uuid4().hex
    return staff


def existing(session: Session, email: str) -> Staff:
    """The account with this address; raises BadAccount where there is none."""
    staff = find(session, clean(email))
    if staff is None:
        raise BadAccount(f"There is no account for {email}.")
    return staff


def find(session: Session, email: str) -> Staff | None:
    """The account with this (cleaned) address."""
    return session.scalar(select(Staff).where(Staff.email == email))


def everybody(session: Session) -> Sequence[Staff]:
    """All accounts with their roles, by address."""
    return session.scalars(
        select(Staff).options(selectinload(Staff.roles)).order_by(Staff.email)).all()


def clean(email: str) -> str:
    """The address in one spelling, lower case. Raises BadAccount."""
    try:
        # .example and .test must pass: demo accounts live there
        return validate_email(email.strip(), check_deliverability=False,
                              test_environment=True).normalized.casefold()
    except EmailNotValidError as error:
        raise BadAccount(f"{email!r} is no e-mail address: {error}") from error


def new_password() -> str:
    """A password to hand out: 100 bits, in groups that can be read over the telephone."""
    letters = "abcdefghjkmnpqrstuvwxyz23456789"  # without i, l, o, 0, 1
    return "-".join("".join(secrets.choice(letters) for _ in range(5)) for _ in range(4))


def _hashed(password: str) -> str:
    return str(hash_password(password))


def _role(session: Session, name: str) -> Role:
    if name not in ROLES:
        raise BadAccount(f"There is no role {name}; choose one of {', '.join(ROLES)}.")
    role = session.scalar(select(Role).where(Role.name == name))
    return role or Role(name=name, description=ROLES[name])
