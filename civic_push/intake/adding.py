"""A new source, read once and silently."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlsplit

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from civic_push.intake.checking import next_check, read
from civic_push.intake.models import Source
from civic_push.intake.storing import store
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


def add(session: Session, new: NewSource, now: datetime) -> tuple[Source, int]:
    """Read a source for the first time and store it with what it holds, which is announced
    to nobody. Return it and the number of its entries. Commits; raises AlreadyThere,
    FetchError and Unreadable, and then stores nothing."""
    url = new.url.strip()
    _refuse_known(session, url)
    session.commit()  # no open transaction while we talk to a server
    answer, entries = read(new.kind, url)
    assert isinstance(answer, Fetched)
    assert entries is not None  # nothing was asked conditionally
    url = answer.moved_to or url
    _refuse_known(session, url)
    source = Source(
        url=url, name=new.name.strip() or str(urlsplit(url).hostname), kind=new.kind,
        publish=new.publish, titles_only=new.titles_only, etag=answer.etag,
        last_modified=answer.last_modified, interval_minutes=new.interval_minutes,
        next_check_at=now, created_at=now, topics=list(new.topics),
        neighbourhoods=list(new.neighbourhoods))
    _keep(session, source)
    store(session, source, entries, now)
    source.checked_at, source.next_check_at = now, next_check(source, answer.fresh_for, now)
    session.commit()
    return source, len(entries)


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
