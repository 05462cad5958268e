"""Who may work at the desk: making, finding, changing and closing accounts."""

from __future__ import annotations

import secrets
import uuid
from collections.abc import Collection, Sequence
from datetime import datetime

from email_validator import EmailNotValidError, validate_email
from flask_security import hash_password
from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session, selectinload

from civic_push.config import settings
from civic_push.staff import codes, passwords, sessions
from civic_push.staff.models import Role, Staff, staff_role
from civic_push.staff.roles import ADMIN, ROLES
from subscriptions.models import Neighbourhood, Topic


class BadAccount(ValueError):
    """An account that cannot be made, found or changed; the text says why, in one sentence."""


class AccountExists(BadAccount):
    """The address has an account already."""

    def __init__(self, address: str) -> None:
        super().__init__(f"{address} has an account already.")


class BadPassword(BadAccount):
    """A password that will not do; `length` says whether that is its fault."""

    def __init__(self, words: str, length: bool) -> None:
        super().__init__(words)
        self.length = length


class LastAdministrator(BadAccount):
    """Without this account nobody could look after the others."""

    def __init__(self) -> None:
        super().__init__("This is the last administrator; make another one first.")


def create(session: Session, email: str, password: str, role: str, now: datetime) -> Staff:
    """Make an account with a password. Needs an app context (the hash is Flask-Security's)
    and does not commit. Raises BadAccount for a bad address, a weak password, an unknown role
    or an address that has an account."""
    address = clean(email)
    _check(password, address)
    if find(session, address):
        raise AccountExists(address)
    staff = Staff(email=address, password=_hashed(password), created_at=now,
                  fs_uniquifier=uuid.uuid4().hex, roles=roles_named(session, [role]))
    session.add(staff)
    try:
        session.flush()
    except IntegrityError as error:  # somebody else made it in the meantime
        session.rollback()
        raise AccountExists(address) from error
    return staff


def change_password(session: Session, staff: Staff, password: str, keep: int | None = None
                    ) -> None:
    """Set a new password and end the account's sessions, but the one to `keep`. Raises
    BadPassword."""
    _check(password, staff.email)
    staff.password = _hashed(password)
    sessions.end(session, staff, keep=keep)


def disable(session: Session, staff: Staff) -> None:
    """Close an account and end its sessions and links; what it wrote stays. Raises
    LastAdministrator."""
    _leave_an_administrator(session, staff)
    staff.active = False
    staff.invitation = Staff.invitation + 1
    sessions.end(session, staff)


def reset(session: Session, staff: Staff) -> None:
    """Take every key from an account: password, passkeys, codes, sessions. What is left to
    its owner is the next letter's link."""
    staff.password = staff.totp_secret = staff.oidc_subject = None
    staff.passkeys.clear()
    codes.forget_recovery_codes(session, staff)
    sessions.end(session, staff)


def change(session: Session, staff: Staff, roles: Sequence[str], topics: Collection[int],
           neighbourhoods: Collection[int]) -> None:
    """Set roles and limits (ids; none: no limit). Raises BadAccount."""
    if ADMIN not in roles:
        _leave_an_administrator(session, staff)
    staff.roles = roles_named(session, roles)
    staff.topics = list(session.scalars(select(Topic).where(Topic.id.in_(topics))))
    staff.neighbourhoods = list(session.scalars(
        select(Neighbourhood).where(Neighbourhood.id.in_(neighbourhoods))))


def told(staff: Staff) -> dict[str, object]:
    """What the trail keeps of an account."""
    return {"roles": sorted(r.name for r in staff.roles), "active": staff.active,
            "topics": sorted(t.id for t in staff.topics),
            "neighbourhoods": sorted(n.id for n in staff.neighbourhoods)}


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
    """All accounts of people with their roles and limits, by address."""
    return session.scalars(select(Staff).where(~Staff.machine).options(
        selectinload(Staff.roles), selectinload(Staff.topics), selectinload(Staff.passkeys),
        selectinload(Staff.neighbourhoods)).order_by(Staff.email)).all()


def clean(email: str) -> str:
    """The address in one spelling, lower case. Raises BadAccount."""
    try:
        # .example and .test must pass: demo accounts live there
        return validate_email(email.strip(), check_deliverability=False,
                              test_environment=True).normalized.casefold()
    except EmailNotValidError as error:
        raise BadAccount(f"{email!r} is no e-mail address: {error}") from error


def as_stored(typed: str) -> str:
    """What somebody typed, in the spelling that an account's address has: what signs in and
    what counts failures must mean the same one. What is no address stays what it is."""
    try:
        return clean(typed)
    except BadAccount:
        return typed.strip().casefold()


def new_password() -> str:
    """A password to hand out: 100 bits, in groups that can be read over the telephone."""
    letters = "abcdefghjkmnpqrstuvwxyz23456789"  # without i, l, o, 0, 1
    return "-".join("".join(secrets.choice(letters) for _ in range(5)) for _ in range(4))


def roles_named(session: Session, names: Sequence[str]) -> list[Role]:
    """The roles with these names, made where they are not there yet. Raises BadAccount."""
    if unknown := set(names) - set(ROLES):
        raise BadAccount(f"There is no role {', '.join(sorted(unknown))}; choose from "
                         f"{', '.join(ROLES)}.")
    stored = {r.name: r for r in session.scalars(select(Role).where(Role.name.in_(names)))}
    return [stored.get(name) or Role(name=name) for name in dict.fromkeys(names)]


def _leave_an_administrator(session: Session, staff: Staff) -> None:
    others = session.scalar(
        select(func.count()).select_from(Staff).join(staff_role).join(Role)
        .where(Role.name == ADMIN, Staff.active, Staff.id != staff.id))
    if not others and staff.active and any(r.name == ADMIN for r in staff.roles):
        raise LastAdministrator


def _check(password: str, email: str) -> None:
    try:
        passwords.check(password, email, settings().town)
    except passwords.WeakPassword as error:
        raise BadPassword(str(error), error.length) from error


def _hashed(password: str) -> str:
    return str(hash_password(password))
