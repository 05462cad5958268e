"""The sheet for a notice board: what an Ortsteil should know in one week."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from babel.dates import format_skeleton
from flask_babel import format_date, get_locale, gettext, pgettext
from sqlalchemy import and_, func, or_
from sqlalchemy.orm import Session

from channels.base import Urgency
from civic_push.announcements.archive import Search, concerning
from civic_push.announcements.models import Announcement, AnnouncementText
from civic_push.config import Settings
from civic_push.feeds.entries import title_of
from civic_push.print.blocks import blocks_of, breakable
from civic_push.print.composing import qr_code
from civic_push.print.settable import BREAK, settable
from civic_push.wording.addresses import short_url
from civic_push.wording.sentences import one_a_line
from civic_push.wording.when_and_where import moment, when
from subscriptions.models import Register

MOST = 60  # announcements on a sheet
LONGEST = 900  # characters of one of them; the rest stands on its page
_RANK = {Urgency.DANGER: 0, Urgency.IMPORTANT: 1, Urgency.INFO: 2}


@dataclass(frozen=True, slots=True)
class Week:
    """An ISO week. `begins` and `ends` (exclusive) are its midnights in the town, as UTC."""

    year: int
    number: int
    monday: date
    begins: datetime
    ends: datetime


@dataclass(frozen=True, slots=True)
class Reader:
    """For whom a sheet is: the Ortsteil's name and slug ("" for the whole town), language
    and register."""

    place: str
    slug: str
    language: str
    register: Register


def of_week(session: Session, places: tuple[int, ...], week: Week, now: datetime
            ) -> list[Announcement]:
    """What was published in that week or takes place in it, the urgent first. What was over
    before the week's end, or is by now, does not go on paper any more."""
    published = and_(Announcement.published_at >= week.begins,
                     Announcement.published_at < week.ends)
    starts = func.coalesce(Announcement.starts_at, Announcement.published_at)
    dated = and_(Announcement.starts_at.is_not(None), starts < week.ends,
                 func.coalesce(Announcement.ends_at, starts) >= week.begins)
    valid = or_(Announcement.expires_at.is_(None),
                Announcement.expires_at > min(now, week.ends))
    rows = concerning(session, Search(places), and_(or_(published, dated), valid), MOST)
    return sorted(rows, key=lambda row: _RANK.get(row.urgency, 2))


def notice_sheet(settings: Settings, reader: Reader, week: Week, rows: Sequence[Announcement],
                 now: datetime) -> dict[str, Any]:
    """What stands on the sheet, in the language spoken now."""
    host = settings.public_url.partition("://")[2]
    sign_up = f"/hier/{reader.slug}" if reader.slug else "/anmelden"
    where = reader.place or settings.town
    return {
        "lang": reader.language, "sender": settings.sender,
        "plain": reader.register == Register.PLAIN,
        "title": gettext("Meldungen für %(place)s", place=where),
        "week": gettext("Woche %(number)d: %(days)s", number=week.number, days=_days(week)),
        "items": [_item(settings, row, reader) for row in rows],
        "empty": gettext("In dieser Woche gibt es keine Meldungen für %(place)s.", place=where),
        "invitation": gettext("Auch auf Ihr Handy:"),
        "invitation_address": host + sign_up, "invitation_url": settings.public_url + sign_up,
        "invitation_qr": qr_code(settings.public_url + sign_up),
        "qr_alt": gettext("QR-Code zu dieser Adresse"),
        "as_of": gettext("Stand: %(moment)s", moment=moment(now)),
        "imprint": gettext("%(sender)s · Impressum: %(address)s", sender=settings.sender,
                           address=f"{host}/impressum"),
        "page": gettext("Seite"), "of": pgettext("Seite 1 von 3", "von"),
    }


def _days(week: Week) -> str:
    """The week's first and last day; months in full, which Einfache Sprache asks for."""
    sunday = week.monday + timedelta(days=6)
    first = (format_skeleton("MMMMd", week.monday, locale=get_locale())
             if week.monday.year == sunday.year else format_date(week.monday, "long"))
    return str(gettext("%(begin)s bis %(end)s", begin=first, end=format_date(sunday, "long")))


def _item(settings: Settings, row: Announcement, reader: Reader) -> dict[str, Any]:
    text = row.text(reader.language, reader.register)
    body = text.body or text.short
    blocks, complete = blocks_of(
        one_a_line(body) if text.register == Register.PLAIN else body, LONGEST)
    url = short_url(settings, row.id, reader.register)
    assert row.published_at is not None
    return {
        "title": breakable(heading(title_of(row.kind, text.title))), "lang": text.language,
        "badge": _badge(row), "meta": _meta(row, text, reader), "when": when(row),
        "change": text.change, "blocks": blocks, "complete": complete,
        "more": gettext("Mehr dazu:"), "url": url, "address": url.partition("://")[2],
        "qr": qr_code(url),
        "source": gettext("Quelle: %(name)s", name=row.source_name) if row.source_name else ""}


def heading(title: str) -> str:
    """A title as far as it can be set; PDF/UA forbids headings without text."""
    return str(settable(title)).strip(f" \n\u00a0{BREAK}") or str(gettext("Meldung"))


def _badge(row: Announcement) -> str:
    words = {Urgency.DANGER: gettext("Gefahr"), Urgency.IMPORTANT: gettext("Wichtig")}
    return str(words.get(row.urgency, ""))


def _meta(row: Announcement, text: AnnouncementText, reader: Reader) -> str:
    """Day, Ortsteile and topics; and a note where the wanted words were lacking."""
    places = ", ".join(n.name for n in row.neighbourhoods) or gettext("Ganze Stadt")
    topics = ", ".join(t.title(reader.language) for t in row.topics)
    lacking = text.register != reader.register
    return " · ".join(filter(None, (
        format_date(row.published_at, "long"), places, topics,
        gettext("nicht in Einfacher Sprache") if lacking else "")))
