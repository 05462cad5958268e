"""The editors' write form: what was typed, what is wrong with it, and the draft it makes.

Everything typed is kept as it was typed, so that no mistake costs an editor his text.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass, field, fields
from datetime import datetime
from urllib.parse import urlsplit

from werkzeug.datastructures import MultiDict

from channels.base import Urgency
from civic_push.announcements.models import Announcement, AnnouncementKind, AnnouncementText
from civic_push.announcements.publishing import Draft
from civic_push.web.desk_words import _
from civic_push.web.forms import Typed
from civic_push.web.wall_clock import parse_local
from subscriptions.models import Register
from subscriptions.timing import TOWN_TIME

TITLE_LENGTH = 300  # as the column
BODY_LENGTH = 20_000
SHORT_LENGTH = 300
LINK_LENGTH = 2_000
_SOME_NUMBER = 99_999  # as long in an SMS's link as one to come
TOWN, PLACES = "town", "places"
LENGTHS = {"title": TITLE_LENGTH, "body": BODY_LENGTH, "short": SHORT_LENGTH,
            "plain_title": TITLE_LENGTH, "plain_body": BODY_LENGTH,
            "plain_short": SHORT_LENGTH, "link": LINK_LENGTH}


@dataclass(slots=True)
class Written:
    """The form's fields as they were typed. `where` is TOWN, PLACES or "" (not chosen);
    `expires` is local time as the field gives it."""

    title: str = ""
    body: str = ""
    short: str = ""
    plain_title: str = ""
    plain_body: str = ""
    plain_short: str = ""
    where: str = ""
    places: list[int] = field(default_factory=list)
    topics: list[int] = field(default_factory=list)
    urgency: str = Urgency.INFO
    expires: str = ""
    link: str = ""

    @property
    def neighbourhoods(self) -> list[int]:
        """The Ortsteile it is for; none for the whole town."""
        return self.places if self.where == PLACES else []

    @property
    def seal(self) -> str:
        """The same for the same content: shows whether somebody changed it meanwhile."""
        text = json.dumps(asdict(self), sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()[:16]


FIELDS = tuple(f.name for f in fields(Written))


def read(form: MultiDict[str, str]) -> Written:
    """What a browser sent. Line ends become \\n, control characters (which PostgreSQL
    refuses) and outer blanks go; nothing else is changed."""
    texts = {name: clean(form.get(name, "")) for name in LENGTHS}
    return Written(
        **texts, where=form.get("where", ""), places=_numbers(form, "places"),
        topics=_numbers(form, "topics"), urgency=form.get("urgency", ""),
        expires=form.get("expires", "").strip())


def show(announcement: Announcement) -> Written:
    """A stored announcement as the form shows it."""
    texts = {t.register: t for t in announcement.texts if t.language == "de"}
    standard = texts.get(Register.STANDARD, AnnouncementText(title="", body="", short=""))
    plain = texts.get(Register.PLAIN, AnnouncementText(title="", body="", short=""))
    places = sorted(n.id for n in announcement.neighbourhoods)
    ends = announcement.expires_at
    return Written(
        title=standard.title, body=standard.body, short=standard.short,
        plain_title=plain.title, plain_body=plain.body, plain_short=plain.short,
        where=PLACES if places else TOWN, places=places,
        topics=sorted(t.id for t in announcement.topics), urgency=announcement.urgency,
        expires=f"{ends.astimezone(TOWN_TIME):%Y-%m-%dT%H:%M}" if ends else "",
        link=announcement.link)


def told(written: Written) -> dict[str, object]:
    """What the trail keeps of a text: what it concerned, and a seal of its wording."""
    return {"title": written.title, "urgency": written.urgency, "topics": written.topics,
            "neighbourhoods": written.neighbourhoods, "seal": written.seal}


def typed(written: Written, errors: Mapping[str, str]) -> Typed:
    """The form's fields for the templates' macros, errors in the order of the page."""
    values = MultiDict[str, str]()
    for name in FIELDS:
        value = getattr(written, name)
        values.setlist(name, [str(v) for v in value] if isinstance(value, list) else [value])
    shown = Typed(values)
    shown.errors = {name: errors[name] for name in FIELDS if name in errors}
    return shown


def texts(written: Written, stored: Announcement | None = None) -> list[AnnouncementText]:
    """The wordings this would make of `stored` or a new announcement; in no session."""
    said = [(Register.STANDARD, written.title, written.body, written.short)]
    if written.plain_body:
        said.append((Register.PLAIN, written.plain_title or written.title, written.plain_body,
                     written.plain_short))
    wordings = [AnnouncementText(language="de", register=register, title=title, body=body,
                                 short=short) for register, title, body, short in said]
    Announcement(id=stored.id if stored else _SOME_NUMBER, kind=AnnouncementKind.ORIGINAL,
                 urgency=Urgency.INFO, link=written.link, texts=wordings,
                 source_name=stored.source_name if stored else "")
    return wordings


def check_draft(written: Written, topics: Collection[int], places: Collection[int],
                now: datetime) -> dict[str, str]:
    """What keeps this from being stored: field name → one sentence. `topics` and `places`
    are the ids that exist."""
    errors = _too_long(written)
    if not written.title:
        errors["title"] = _("Bitte geben Sie einen Titel ein.")
    if (written.plain_title or written.plain_short) and not written.plain_body:
        errors["plain_body"] = _(
            "Zum Titel oder Kurztext in Einfacher Sprache fehlt noch der Text.")
    if set(written.topics) - set(topics):
        errors["topics"] = _(
            "Ein Thema gibt es nicht mehr. Bitte wählen Sie noch einmal.")
    found = {"where": _wrong_place(written, places), "expires": _wrong_expiry(written, now),
             "urgency": _wrong_urgency(written), "link": _wrong_link(written)}
    return errors | {name: sentence for name, sentence in found.items()
                     if sentence and name not in errors}


def check_ready(written: Written, topics: Collection[int], places: Collection[int],
                now: datetime) -> dict[str, str]:
    """What keeps this from being published: what a draft needs, and a text and a topic."""
    errors = check_draft(written, topics, places, now)
    if not written.body:
        errors.setdefault("body", _("Bitte schreiben Sie den Text der Meldung."))
    if not written.topics:
        errors.setdefault("topics", _("Bitte wählen Sie mindestens ein Thema."))
    return errors


def to_draft(written: Written, author_id: int | None, before: Announcement | None = None
             ) -> Draft:
    """The draft of a form that `check_draft` found right. What the form does not ask for
    (source, begin and end) stays as it is in `before`, which it changes or follows."""
    return Draft(
        title=written.title, body=written.body, short=written.short,
        plain_title=written.plain_title, plain_body=written.plain_body,
        plain_short=written.plain_short, topics=written.topics,
        neighbourhoods=written.neighbourhoods, urgency=Urgency(written.urgency),
        expires_at=parse_local(written.expires) if written.expires else None,
        link=written.link, author_id=author_id,
        source_name=before.source_name if before else "",
        starts_at=before.starts_at if before else None,
        ends_at=before.ends_at if before else None)


def _wrong_place(written: Written, places: Collection[int]) -> str:
    if written.where not in (TOWN, PLACES):
        return _(
            "Bitte wählen Sie, ob die Meldung für die ganze Stadt gilt oder für Ortsteile.")
    if written.where == PLACES and not written.places:
        return _("Bitte wählen Sie mindestens einen Ortsteil.")
    if set(written.places) - set(places):
        return _("Einen Ortsteil gibt es nicht mehr. Bitte wählen Sie noch einmal.")
    return ""


def _wrong_urgency(written: Written) -> str:
    if written.urgency in set(Urgency):
        return ""
    return _("Bitte wählen Sie, wie dringend die Meldung ist.")


def _wrong_expiry(written: Written, now: datetime) -> str:
    if not written.expires:
        return ""
    try:
        if parse_local(written.expires) > now:
            return ""
    except LookupError:
        return _("Diese Uhrzeit gibt es an dem Tag nicht: Die Uhren werden umgestellt.")
    except (ValueError, OverflowError):
        return _("Bitte geben Sie Tag und Uhrzeit ein, zum Beispiel 18.11.2026 18:00.")
    return _("Dieser Zeitpunkt ist schon vorbei. Bitte wählen Sie einen späteren.")


def _wrong_link(written: Written) -> str:
    if not written.link or _is_web_address(written.link):
        return ""
    return _("Bitte geben Sie eine vollständige Adresse ein, die mit https:// beginnt.")


def _too_long(written: Written) -> dict[str, str]:
    have: Mapping[str, str] = {name: getattr(written, name) for name in LENGTHS}
    return {
        name: _("Bitte kürzen Sie: höchstens %(most)s Zeichen, es sind %(count)s.",
                      most=f"{LENGTHS[name]:,}".replace(",", "."),
                      count=f"{len(value):,}".replace(",", "."))
        for name, value in have.items() if len(value) > LENGTHS[name]}


def _is_web_address(text: str) -> bool:
    try:
        parts = urlsplit(text)
        return (parts.scheme in ("http", "https") and bool(parts.hostname)
                and "." in (parts.hostname or "") and parts.username is None
                and not any(c.isspace() or ord(c) < 32 for c in text))
    except ValueError:
        return False


def clean(text: str) -> str:
    """A typed text with \\n for line ends, without control characters and outer blanks."""
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    return "".join(c for c in text if c in "\n\t" or ord(c) >= 32).strip()


def _numbers(form: MultiDict[str, str], name: str) -> list[int]:
    # more digits are no id of ours and would not fit the database's integers
    return sorted({int(text) for text in form.getlist(name)
                   if text.isascii() and text.isdigit() and len(text) < 10})
