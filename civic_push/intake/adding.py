"""A new source, read once and silently."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import urlsplit

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from civic_push.announcements.publishing import Draft
from civic_push.config import settings
from civic_push.intake.checking import next_check, read
from civic_push.intake.models import Source
from civic_push.intake.rules import Fate, Gazetteer, Origin, fate_of, to_draft
from civic_push.intake.storing import known_places, store
from content_sources.entry import Entry
from content_sources.fetch import Fetched
from subscriptions.models import Neighbourhood, Topic


@dataclass(frozen=True, slots=True)
class NewSource:
    """What somebody wants to have read."""

    url: str
    name: str = ""  # "": the server's name
    topics: tuple[Topic, ...] = ()
    neighbourhoods: tuple[Neighbourhood, ...] = ()
    interval_minutes: int = 15
    publish: bool = False
    titles_only: bool = False
    kind: str = "feed"


class AlreadyThere(Exception):
    """A source with this address exists."""

    def __init__(self, source: Source) -> None:
        super().__init__(f"This address is being read already, as {source.name!r}.")
        self.source = source


class OwnPages(Exception):
    """The address is this service's own: it would announce its announcements for ever."""


@dataclass(frozen=True, slots=True)
class Sight:
    """What would become of one entry, were it new."""

    entry: Entry
    draft: Draft
    fate: Fate


@dataclass(frozen=True, slots=True)
class DryRun:
    """What a source holds today: how many entries, the first of them, and when the newest
    was written."""

    count: int
    sights: list[Sight]
    newest: datetime | None


def look(session: Session, new: NewSource, now: datetime, most: int = 8) -> DryRun:
    """Read a source and store nothing; raises as `add` does. The transaction ends."""
    url = new.url.strip()
    _refuse_known(session, url)
    origin = Origin(new.name.strip() or host_of(url), tuple(t.id for t in new.topics),
                    tuple(n.id for n in new.neighbourhoods), new.titles_only, new.publish)
    gazetteer, lasts = (Gazetteer(known_places(session), settings().town),
                        timedelta(days=settings().default_expiry_days))
    session.commit()
    _answer, entries = _read(new.kind, url)
    return DryRun(len(entries), [
        Sight(entry, to_draft(entry, origin, gazetteer), fate_of(entry, origin, now, lasts))
        for entry in entries[:most]],
        max((e.published_at for e in entries if e.published_at), default=None))


def add(session: Session, new: NewSource, now: datetime) -> tuple[Source, int]:
    """Read a source for the first time and store it with what it holds, which is announced
    to nobody. Return it and the number of its entries. Commits; raises AlreadyThere,
    OwnPages, FetchError and Unreadable, and then stores nothing."""
    url = new.url.strip()
    _refuse_known(session, url)
    session.commit()  # no open transaction while we talk to a server
    answer, entries = _read(new.kind, url)
    url = answer.moved_to or url
    _refuse_known(session, url)
    source = Source(
        url=url, name=new.name.strip() or host_of(url), kind=new.kind,
        publish=new.publish, titles_only=new.titles_only, etag=answer.etag,
        last_modified=answer.last_modified, interval_minutes=new.interval_minutes,
        next_check_at=now, created_at=now, topics=list(new.topics),
        neighbourhoods=list(new.neighbourhoods))
    _keep(session, source)
    store(session, source, entries, now)
    source.checked_at, source.next_check_at = now, next_check(source, answer.fresh_for, now)
    session.commit()
    return source, len(entries)


def _read(kind: str, url: str) -> tuple[Fetched, list[Entry]]:
    _refuse_own(url)
    answer, entries = read(kind, url)
    assert isinstance(answer, Fetched)
    assert entries is not None  # nothing was asked conditionally
    _refuse_own(answer.url)
    return answer, entries


def _refuse_own(url: str) -> None:
    if _place(url) == _place(settings().public_url):
        raise OwnPages("These are our own pages; a source of them would run in circles.")


def host_of(url: str) -> str:
    """The server's name: what a source is called that got no name; "" for what is no URL."""
    return _place(url)[0]


def _place(url: str) -> tuple[str, int | None]:
    try:
        parts = urlsplit(url)
        return parts.hostname or "", parts.port
    except ValueError:
        return "", None


def _refuse_known(session: Session, url: str) -> None:
    known = session.scalar(select(Source).where(Source.url == url))
    if known is not None:
        raise AlreadyThere(known)


def _keep(session: Session, source: Source) -> None:
    """Insert the source; somebody may have added the same one a moment ago."""
    url = source.url
    session.add(source)
    try:
        session.flush()
    except IntegrityError:
        session.rollback()
        _refuse_known(session, url)
        raise
