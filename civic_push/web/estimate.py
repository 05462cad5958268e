"""How many announcements a month somebody's choices would bring: an honest expectation,
from what was published in the last 90 days."""

from __future__ import annotations

import time
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import cast

from flask import current_app
from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from civic_push.announcements.models import Announcement, AnnouncementState
from civic_push.web.language import _
from subscriptions.models import Neighbourhood, Topic

WINDOW = timedelta(days=90)
MONTH = timedelta(days=30)
_LEAST = timedelta(days=7)  # from a shorter past nothing can be said
_KEPT = 600.0  # seconds a count holds
_MOST = 2_000  # counts kept

_Counts = dict[tuple[tuple[int, ...], tuple[int, ...]], tuple[float, float | None]]


def a_month(session: Session, topics: Sequence[int], places: Sequence[int], now: datetime
            ) -> float | None:
    """Announcements a month for these topics and Ortsteile (ids; none: all). None where the
    service is too young to say. Counted anew every ten minutes at most."""
    kept = cast(_Counts, current_app.extensions.setdefault("civic_push_estimates", {}))
    key = (tuple(sorted(topics)), tuple(sorted(places)))
    found = kept.get(key)
    if found is None or found[0] < time.monotonic() - _KEPT:
        if len(kept) >= _MOST:
            kept.clear()
        found = kept[key] = (time.monotonic(), _count(session, *key, now))
    return found[1]


def in_words(number: float | None) -> str:
    """The expectation as a sentence."""
    if number is None:
        return _("Wie viele Meldungen das sind, können wir noch nicht sagen.")
    if number < 1:
        return _("Das ist weniger als eine Meldung im Monat.")
    if round(number) == 1:
        return _("Das ist etwa eine Meldung im Monat.")
    return _("Das sind etwa %(number)d Meldungen im Monat.", number=round(number))


def _count(session: Session, topics: Sequence[int], places: Sequence[int], now: datetime
           ) -> float | None:
    published = Announcement.state == AnnouncementState.PUBLISHED
    first = session.scalar(select(func.min(Announcement.published_at)).where(published))
    since = max(first or now, now - WINDOW)
    if now - since < _LEAST:
        return None
    chosen = [published, Announcement.published_at >= since, Announcement.published_at <= now]
    if topics:
        chosen.append(Announcement.topics.any(Topic.id.in_(topics)))
    if places:  # what concerns the whole town comes to everybody
        chosen.append(or_(Announcement.neighbourhoods.any(Neighbourhood.id.in_(places)),
                          ~Announcement.neighbourhoods.any()))
    count = session.scalar(select(func.count()).select_from(Announcement).where(*chosen)) or 0
    return count * (MONTH / (now - since))
