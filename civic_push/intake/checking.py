"""When a source is read, and what follows.

The clock rings `ring_due`; a worker runs `check_source`: fetch and parse with no
transaction open, store in one commit, publish afterwards.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from importlib.metadata import version

import structlog
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from civic_push import tasks
from civic_push.config import settings
from civic_push.db import db, utcnow
from civic_push.delivery.models import Lane
from civic_push.intake import wording
from civic_push.intake.models import Source
from civic_push.intake.storing import Stored, publish_saved, store
from content_sources import PARSERS
from content_sources.entry import Entry, Unreadable
from content_sources.fetch import Busy, Fetched, FetchError, HttpError, NotModified, fetch

log = structlog.get_logger()

RING_AGAIN = timedelta(minutes=10)  # when a check that was rung for never came
_LONGEST_PAUSE = timedelta(days=1)
# What a server says about freshness spares it requests, but a town's warning must not wait
# for a day because of a careless max-age; asking again costs both sides a 304.
_LONGEST_FRESH = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Checked:
    """What came of a check. `entries` counts what the source holds, None where it has not
    changed or could not be read."""

    entries: int | None = None
    stored: Stored = field(default_factory=Stored)
    published: int = 0
    error: FetchError | Unreadable | None = None


@dataclass(frozen=True, slots=True)
class _Asked:
    """The source as it was when we went to read it."""

    id: int
    kind: str
    url: str
    etag: str
    last_modified: str


def ring_due(now: datetime) -> int:
    """Ring for a check of every active source whose time has come; return how many. Their
    time moves ahead first, so that several clocks ring once."""
    session = db.session()
    due = session.scalars(
        update(Source).where(Source.active, Source.next_check_at <= now)
        .values(next_check_at=now + RING_AGAIN).returning(Source.id)
        .execution_options(synchronize_session=False)).all()
    session.commit()
    for source_id in due:
        tasks.enqueue(Lane.NORMAL, check_source, source_id)
    return len(due)


def check_source(source_id: int) -> None:
    """Job: read one source and announce what is new there."""
    check(db.session(), source_id, utcnow())


def check(session: Session, source_id: int, now: datetime) -> Checked | None:
    """Read one source now; None where it is gone or switched off. Commits."""
    asked = _ask(session, source_id)
    if asked is None:
        return None
    try:
        answer, entries = read(asked.kind, asked.url, asked.etag, asked.last_modified)
    except (FetchError, Unreadable) as error:
        _note_failure(session, asked, error, now)
        checked = Checked(error=error)
    else:
        stored = _take(session, asked, answer, entries, now)
        checked = Checked(None if entries is None else len(entries), stored)
    published = publish_saved(session, source_id, now)
    return Checked(checked.entries, checked.stored, published, checked.error)


def read(kind: str, url: str, etag: str = "", last_modified: str = ""
         ) -> tuple[Fetched | NotModified, list[Entry] | None]:
    """Fetch and parse; entries are None where nothing has changed. Raises FetchError and
    Unreadable. Keep no transaction open around it: it may take 15 seconds."""
    answer = fetch(
        url, etag=etag, last_modified=last_modified, allow_private=settings().fetch_private,
        user_agent=f"CivicPush/{version('civic-push')} (+{settings().public_url})")
    if isinstance(answer, NotModified):
        return answer, None
    return answer, PARSERS[kind](answer.body, answer.url)


def next_check(source: Source, fresh_for: float | None, now: datetime) -> datetime:
    """When to look again after a check that went well."""
    fresh = min(timedelta(seconds=min(fresh_for or 0.0, 1e6)), _LONGEST_FRESH)
    return now + max(timedelta(minutes=source.interval_minutes), fresh)


def retry_at(source: Source, error: FetchError | Unreadable, now: datetime) -> datetime:
    """When to look again after `source.errors` failures in a row: twice as long each time,
    a day at most, and never before the server wants us back."""
    pause = timedelta(minutes=source.interval_minutes << min(source.errors, 10))
    if isinstance(error, HttpError) and error.status == 410:
        pause = _LONGEST_PAUSE  # it says it is gone for good; now and then we look all the same
    wanted = error.retry_after if isinstance(error, Busy) else None
    pause = max(min(pause, _LONGEST_PAUSE), timedelta(seconds=min(wanted or 0.0, 7 * 86_400)))
    return now + pause


def _ask(session: Session, source_id: int) -> _Asked | None:
    source = session.get(Source, source_id, populate_existing=True)
    asked = None
    if source is not None and source.active:
        asked = _Asked(source.id, source.kind, source.url, source.etag, source.last_modified)
    session.commit()
    return asked


def _locked(session: Session, asked: _Asked) -> Source | None:
    """The source, locked against a second check of it, unless an editor has deleted it or
    given it another address meanwhile."""
    source = session.get(Source, asked.id, with_for_update=True, populate_existing=True)
    return source if source is not None and source.url == asked.url else None


def _take(session: Session, asked: _Asked, answer: Fetched | NotModified,
          entries: Sequence[Entry] | None, now: datetime) -> Stored:
    source = _locked(session, asked)
    if source is None:
        session.commit()
        return Stored()
    stored = store(session, source, entries, now) if entries is not None else Stored()
    if isinstance(answer, Fetched):
        source.etag, source.last_modified = answer.etag, answer.last_modified
    _note_success(source, answer, stored, now)
    _note_move(session, source, answer.moved_to)
    session.commit()
    return stored


def _note_success(source: Source, answer: Fetched | NotModified, stored: Stored,
                  now: datetime) -> None:
    source.checked_at = now
    source.next_check_at = next_check(source, answer.fresh_for, now)
    if stored.failed:
        # what failed is tried again, so the next answer must not be "not modified"
        source.etag = source.last_modified = ""
        source.errors, source.last_error = source.errors + 1, wording.NOT_STORED
    else:
        source.errors, source.last_error = 0, ""


def _note_move(session: Session, source: Source, moved_to: str) -> None:
    """Follow a permanent redirect, unless that is a source of ours already."""
    if moved_to and session.scalar(select(Source.id).where(Source.url == moved_to)) is None:
        log.info("intake.source_moved", source=source.id, to=moved_to)
        source.url = moved_to


def _note_failure(session: Session, asked: _Asked, error: FetchError | Unreadable,
                  now: datetime) -> None:
    source = _locked(session, asked)
    if source is not None:
        source.next_check_at = retry_at(source, error, now)
        source.errors += 1
        source.last_error = wording.sentence(error)
        log.warning("intake.source_failed", source=source.id, code=error.code, error=str(error))
    session.commit()
