"""`civic-push client …`: tokens for programs, made on the server."""

from __future__ import annotations

from datetime import datetime, timedelta
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
            session, name, scopes, now, topics=_numbers(Topic, topics, "topic"),
            neighbourhoods=_numbers(Neighbourhood, places, "neighbourhood"),
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
    now, all_of_them = utcnow(), clients.everyone(db.session())
    for found in all_of_them:
        used = f"{found.used_at:%Y-%m-%d %H:%M} UTC" if found.used_at else "never"
        click.echo(f"{found.name}  …{found.ending}  {found.scopes}  last used: {used}"
                   f"{_limits(found)}{_ending(found, now)}")
    if not all_of_them:
        click.echo("No clients yet; `civic-push client add NAME --scope …` makes one.")


@client.command("renew")
@click.argument("name")
@click.option("--days", type=click.IntRange(1, 3650),
              help="After so many days from now it ends; without it, when it would have.")
@with_appcontext
def renew(name: str, days: int | None) -> None:
    """Give the client NAME a new token; the old one ends at once."""
    found, now = _named(name), utcnow()
    if not days and not clients.is_alive(found, now):
        _fail(f"{found.name} ended on {found.expires_at:%Y-%m-%d}; say with --days for how long "
              "the new token holds.")
    token = clients.renew(found, now + timedelta(days=days) if days else found.expires_at)
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
    click.echo(f"{found.name} can no longer ask.")


def _limits(found: Client) -> str:
    only = [*(t.slug for t in found.staff.topics), *(n.slug for n in found.staff.neighbourhoods)]
    return f"  only: {', '.join(only)}" if only else ""


def _ending(found: Client, now: datetime) -> str:
    if found.revoked_at:
        return "  (revoked)"
    if not found.expires_at:
        return ""
    alive = clients.is_alive(found, now)
    return f"  ({'ends' if alive else 'ended'} {found.expires_at:%Y-%m-%d})"


def _named(name: str) -> Client:
    name = " ".join(name.split())  # as it was stored
    found = db.session.scalar(select(Client).where(
        Client.name == name, Client.name != clients.HOST, Client.revoked_at.is_(None)))
    if found is None:
        _fail(f"There is no client named {name}, or it is revoked; `civic-push client list` "
              "shows all.")
    return found


def _numbers(kind: type[_Named], slugs: tuple[str, ...], word: str) -> list[int]:
    known = {row.slug: row.id for row in db.session.scalars(select(kind).order_by(kind.slug))}
    if unknown := sorted(set(slugs) - set(known)):
        there = f"There are: {', '.join(known)}." if known else "`civic-push seed` adds some."
        _fail(f"There is no {word} {', '.join(unknown)}. {there}")
    return [known[slug] for slug in dict.fromkeys(slugs)]


def _note(action: str, found: Client) -> None:
    db.session.flush()
    trail.record(db.session(), trail.COMMAND, action, ("client", found.id),
                 after=clients.told(found))


def _fail(words: str) -> NoReturn:
    db.session.rollback()
    raise click.ClickException(words)


COMMANDS: list[click.Command] = [client]
