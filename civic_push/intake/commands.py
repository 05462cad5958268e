"""`civic-push add-source`, `check-source` and `sources`."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import TypeVar

import click
from flask.cli import with_appcontext
from sqlalchemy import select
from sqlalchemy.orm import Session

from civic_push.config import PREFIX
from civic_push.db import db, utcnow
from civic_push.intake.adding import AlreadyThere, NewSource, OwnPages, add
from civic_push.intake.checking import Checked, check
from civic_push.intake.models import Source
from content_sources import PARSERS
from content_sources.entry import Unreadable
from content_sources.fetch import FetchError
from subscriptions.models import Neighbourhood, Topic

_Named = TypeVar("_Named", Topic, Neighbourhood)


@click.command("add-source")
@click.argument("url")
@click.option("--name", default="", help="What readers see as the source; default: its server.")
@click.option("--topic", "topics", multiple=True, required=True, metavar="SLUG",
              help="Topic of its announcements; may be repeated.")
@click.option("--neighbourhood", "neighbourhoods", multiple=True, metavar="SLUG",
              help="Ortsteil all its announcements concern; may be repeated.")
@click.option("--interval", default=15, show_default=True, type=click.IntRange(1, 10_080),
              metavar="MINUTES", help="How often to look.")
@click.option("--publish", is_flag=True,
              help="Publish new items at once; without it they wait in the editors' tray.")
@click.option("--titles-only", is_flag=True,
              help="Pass on title and link only: for publishers whose texts are protected.")
@click.option("--kind", type=click.Choice(sorted(PARSERS)), default="feed", show_default=True,
              help="How the source is written.")
@with_appcontext
def add_source(url: str, name: str, topics: tuple[str, ...], neighbourhoods: tuple[str, ...],
               interval: int, publish: bool, titles_only: bool, kind: str) -> None:
    """Read URL from now on. What it holds today is stored without telling anybody."""
    session = db.session()
    new = NewSource(
        url, name, _chosen(session, Topic, topics, "topic"),
        _chosen(session, Neighbourhood, neighbourhoods, "neighbourhood"),
        interval, publish, titles_only, kind)
    try:
        source, count = add(session, new, utcnow())
    except (AlreadyThere, OwnPages) as error:
        raise click.ClickException(str(error)) from error
    except (FetchError, Unreadable) as error:
        raise click.ClickException(f"{url} cannot be read: {error}.{_hint(error)}") from error
    then = "published at once" if publish else "kept in the tray for an editor"
    click.echo(f"Source {source.id} ({source.name}) holds {_count(count, 'entry', 'entries')}, "
               f"stored without announcing. New ones will be {then}.")


@click.command("check-source")
@click.argument("which", metavar="URL|ID", required=False)
@click.option("--all", "everything", is_flag=True, help="Check every active source.")
@with_appcontext
def check_source(which: str | None, everything: bool) -> None:
    """Look at one source (or all of them) now, whatever the clock says."""
    if bool(which) == everything:
        raise click.UsageError("Name one source, by its address or number, or say --all.")
    session = db.session()
    failed = 0
    for source in _active(session) if everything else [_found(session, which or "")]:
        source_id, name = source.id, source.name
        checked = check(session, source_id, utcnow())
        failed += checked is not None and checked.error is not None
        click.echo(f"{source_id}  {name}: {_said(checked)}")
    if failed:
        raise click.ClickException(f"{_count(failed, 'source', 'sources')} could not be read.")


@click.command("sources")
@with_appcontext
def sources() -> None:
    """List all sources and how they fare."""
    found = db.session.scalars(select(Source).order_by(Source.id)).all()
    for source in found:
        click.echo(f"{source.id}  {source.name}  {source.url}")
        click.echo(f"   {_how(source)}")
    if not found:
        click.echo("No sources yet; `civic-push add-source URL --topic SLUG` adds one.")


def _chosen(session: Session, kind: type[_Named], slugs: Collection[str],
            word: str) -> tuple[_Named, ...]:
    rows = {row.slug: row for row in session.scalars(select(kind).order_by(kind.slug))}
    if unknown := sorted(set(slugs) - set(rows)):
        there = f"There are: {', '.join(rows)}." if rows else "`civic-push seed` adds some."
        raise click.ClickException(f"There is no {word} {', '.join(unknown)}. {there}")
    return tuple(rows[slug] for slug in dict.fromkeys(slugs))


def _hint(error: FetchError | Unreadable) -> str:
    if error.code != "private":
        return ""
    return f" If that is meant, list its host:port in {PREFIX}FETCH_PRIVATE."


def _active(session: Session) -> Sequence[Source]:
    return session.scalars(select(Source).where(Source.active).order_by(Source.id)).all()


def _found(session: Session, which: str) -> Source:
    by = Source.id == int(which) if which.isdecimal() and len(which) < 10 else Source.url == which
    source = session.scalar(select(Source).where(by))
    if source is None:
        raise click.ClickException(
            f"There is no source {which}; `civic-push sources` lists them.")
    return source


def _said(checked: Checked | None) -> str:
    if checked is None:
        return "switched off, not looked at"
    if checked.error is not None:
        return f"cannot be read: {checked.error}"
    if checked.entries is None:
        return "nothing has changed" + _published(checked)
    new = checked.stored
    text = f"{_count(checked.entries, 'entry', 'entries')}, {new.new} new"
    if new.waiting:
        text += f", {new.waiting} waiting in the tray"
    if new.failed:
        text += f", {new.failed} could not be stored and will be tried again"
    return text + _published(checked)


def _published(checked: Checked) -> str:
    return f", {checked.published} published" if checked.published else ""


def _how(source: Source) -> str:
    parts = [f"every {source.interval_minutes} min",
             "publishes" if source.publish else "to the tray",
             "topics: " + (", ".join(t.slug for t in source.topics) or "none")]
    if source.neighbourhoods:
        parts.append("neighbourhoods: " + ", ".join(n.slug for n in source.neighbourhoods))
    if not source.active:
        parts.append("switched off")
    if source.errors:
        parts.append(f"failed {_count(source.errors, 'time', 'times')}: {source.last_error}")
    return "; ".join(parts)


def _count(number: int, one: str, many: str) -> str:
    return f"{number} {one if number == 1 else many}"


COMMANDS: list[click.Command] = [add_source, check_source, sources]
