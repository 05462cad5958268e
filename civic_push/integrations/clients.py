"""Clients of the API: what they may do, their tokens, their accounts at the desk."""

from __future__ import annotations

import hashlib
import re
import secrets
import uuid
from collections.abc import Collection, Iterable, Sequence
from datetime import datetime, timedelta
from enum import StrEnum

from sqlalchemy import Select, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session, selectinload

from civic_push.integrations.models import Client
from civic_push.staff import accounts
from civic_push.staff.models import Staff
from civic_push.staff.roles import AUTHOR, EDITOR

PREFIX = "cpt_"  # so that scanners for leaked secrets know a token when they see one
NOTED_EVERY = timedelta(minutes=5)  # `used_at` is no more exact than this
LONGEST_NAME = 80
HOST = "command line"
"""The client that `civic-push announce` is on the host itself; it has no token."""


class Scope(StrEnum):
    """What a client may do."""

    READ = "announcements:read"  # drafts, lists and delivery counts
    WRITE = "announcements:write"  # drafts
    PUBLISH = "announcements:publish"
    SOURCES = "sources"  # list, add and check them


class BadClient(ValueError):
    """A client that cannot be made; `code` is "name", "taken", "scopes" or "unknown"."""

    def __init__(self, code: str, words: str) -> None:
        super().__init__(words)
        self.code = code


def make(session: Session, name: str, scopes: Iterable[str], now: datetime, *,
         topics: Collection[int] = (), neighbourhoods: Collection[int] = (),
         expires_at: datetime | None = None) -> tuple[Client, str]:
    """A new client and its token, which nobody sees again. Limits are ids; none: no limit.
    Does not commit. Raises BadClient."""
    name, wanted = " ".join(name.split()), _checked(scopes)
    if not name or len(name) > LONGEST_NAME or not name.isprintable():
        raise BadClient("name", f"A client needs a name of up to {LONGEST_NAME} characters.")
    role = EDITOR if Scope.PUBLISH in wanted else AUTHOR
    staff = Staff(email=_address(name), machine=True, created_at=now,
                  fs_uniquifier=uuid.uuid4().hex)
    accounts.change(session, staff, [role], topics, neighbourhoods)
    client = Client(staff=staff, name=name, scopes=" ".join(wanted), created_at=now)
    session.add(client)
    try:
        session.flush()
    except IntegrityError as error:
        session.rollback()
        raise BadClient("taken", f"There is a client named {name!r} already.") from error
    return client, renew(client, expires_at)


def renew(client: Client, expires_at: datetime | None) -> str:
    """Give a client a new token, which holds until `expires_at` (None: without end); the old
    one ends at once. Does not commit."""
    token = PREFIX + secrets.token_urlsafe(32)
    client.expires_at = expires_at
    client.digest, client.ending = _digest(token), token[-4:]
    return token


def revoke(client: Client, now: datetime) -> None:
    """End a client for ever; what it wrote stays. Does not commit."""
    client.digest, client.revoked_at, client.staff.active = None, now, False


def by_token(session: Session, token: str, now: datetime) -> Client | None:
    """The client whose token this is, unless it has ended."""
    if not token.startswith(PREFIX) or len(token) > 100:
        return None
    client = session.scalar(_whole().where(Client.digest == _digest(token)))
    return client if client is not None and is_alive(client, now) else None


def by_number(session: Session, number: int) -> Client | None:
    """The client with this number."""
    return session.scalar(_whole().where(Client.id == number))


def of_host(session: Session, now: datetime) -> Client:
    """The client that this host's command line is, made when first asked for; commits."""
    found = session.scalar(_whole().where(Client.name == HOST))
    if found is None:
        found, _token = make(session, HOST, Scope, now)
        found.digest, found.ending = None, ""
        session.commit()
    return found


def is_alive(client: Client, now: datetime) -> bool:
    """Whether a client has been neither revoked nor expired."""
    return client.revoked_at is None and (client.expires_at is None or client.expires_at > now)


def scopes_of(client: Client) -> frozenset[Scope]:
    """What a client may do."""
    return frozenset(map(Scope, client.scopes.split()))


def everyone(session: Session) -> Sequence[Client]:
    """All clients but the host's own, those that still speak first."""
    return session.scalars(_whole().where(Client.name != HOST).order_by(
        Client.revoked_at.is_not(None), Client.name)).all()


def told(client: Client) -> dict[str, object]:
    """What the trail keeps of a client."""
    return {"name": client.name, "scopes": client.scopes, "expires_at": client.expires_at,
            **accounts.told(client.staff)}


def _whole() -> Select[Client]:
    return select(Client).options(
        selectinload(Client.staff).selectinload(Staff.roles),
        selectinload(Client.staff).selectinload(Staff.topics),
        selectinload(Client.staff).selectinload(Staff.neighbourhoods))


def _checked(scopes: Iterable[str]) -> list[Scope]:
    wanted = set(scopes)
    if unknown := wanted - set(Scope):
        raise BadClient("unknown", f"There is no scope {', '.join(sorted(unknown))}; choose "
                                   f"from {', '.join(Scope)}.")
    if not wanted:
        raise BadClient("scopes", f"A client needs a scope: {', '.join(Scope)}.")
    return [scope for scope in Scope if scope in wanted]


def _address(name: str) -> str:
    """An address that belongs to nobody (RFC 2606), under which the trail shows the client."""
    readable = re.sub(r"[^a-z0-9]+", "-", name.casefold()).strip("-")[:40] or "client"
    return f"{readable}-{secrets.token_hex(3)}@client.invalid"


def _digest(token: str) -> bytes:
    # a token has 256 random bits: nothing slower than this is needed
    return hashlib.sha256(token.encode(errors="replace")).digest()
