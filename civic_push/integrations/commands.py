"""`civic-push client …`: tokens for programs, made on the server."""

from __future__ import annotations

from datetime import timedelta
from typing import NoReturn, TypeVar

import click
from flask.cli import with_appcontext
from sqlalchemy import select

from civic_push.db import db, utcnow
from civic_push.integrations import clients
from civic_push.integrations.clients import Scope
from civic_push.integrations.models import Client
from civic_push.staff import trail
from subscriptions.models import Neighbourhood, Topic

_Named = TypeVar("_Named", Topic, Neighbourhood)


@click.group()
def client() -> None:
    """Programs that speak to the API."""


@client.command("add")
@click.argument("name")
@click.option("--scope", "scopes", multiple=True, required=True,
              type=click.Choice([s.value for s in Scope]), help="What it may do; repeatable.")
@click.option("--topic", "topics", multiple=True, metavar="SLUG", help="Only about this topic.")
@click.option("--neighbourhood", "places", multiple=True, metavar="SLUG",
              help="Only for this Ortsteil.")
@click.option("--days", type=click.IntRange(1, 3650), help="After so many days it ends.")
@with_appcontext
def add(name: str, scopes: tuple[str, ...], topics: tuple[str, ...], places: tuple[str, ...],
        days: int | None) -> None:
    """Make a client named NAME and print its token, once."""
    session, now = db.session(), utcnow()
    try:
        made, token = clients.make(
            session, name, scopes, now, topics=_numbers(Topic, topics),
            neighbourhoods=_numbers(Neighbourhood, places),
            expires_at=now + timedelta(days=days) if days else None)
    except clients.BadClient as error:
        _fail(str(error))
    _note("client.added", made)
    click.echo(f"{made.name} may do: {made.scopes}.")
    db.session.commit()
    click.echo(f"Token (shown only now): {token}")


@client.command("list")
@with_appcontext
def show_all() -> None:
    """List all clients."""
    now = utcnow()
    for found in clients.everyone(db.session()):
        ended = "" if clients.is_alive(found, now) else "  (ended)"
        used = f"{found.used_at:%Y-%m-%d %H:%M} UTC" if found.used_at else "never"
        click.echo(f"{found.name}  …{found.ending}  {found.scopes}  last used: {used}{ended}")


@client.command("renew")
@click.argument("name")
@with_appcontext
def renew(name: str) -> None:
    """Give the client NAME a new token; the old one ends at once."""
    found = _named(name)
    token = clients.renew(found)
    _note("client.renewed", found)
    db.session.commit()
    click.echo(f"Token (shown only now): {token}")


@client.command("revoke")
@click.argument("name")
@with_appcontext
def revoke(name: str) -> None:
    """End the client NAME for ever."""
    found = _named(name)
    clients.revoke(found, utcnow())
    _note("client.revoked", found)
    db.session.commit()
    click.echo(f"{name} can no longer ask.")


def _named(name: str) -> Client:
    found = db.session.scalar(select(Client).where(
        Client.name == name, Client.name != clients.HOST, Client.revoked_at.is_(None)))
    if found is None:
        _fail(f"There is no client named {name}, or it has ended; `civic-push client list` "
              "shows all.")
    return found


def _numbers(kind: type[_Named], slugs: tuple[str, ...]) -> list[int]:
    found = {row.slug: row.id for row in db.session.scalars(
        select(kind).where(kind.slug.in_(slugs)))}
    if unknown := [slug for slug in slugs if slug not in found]:
        _fail(f"There is no {unknown[0]}.")
    return list(found.values())


def _note(action: str, found: Client) -> None:
    db.session.flush()
    trail.record(db.session(), trail.COMMAND, action, ("client", found.id),
                 after=clients.told(found))


def _fail(words: str) -> NoReturn:
    db.session.rollback()
    raise click.ClickException(words)


COMMANDS: list[click.Command] = [client]
