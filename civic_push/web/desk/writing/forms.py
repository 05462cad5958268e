"""The editors' write form and the announcement: how a stored one is shown, what is wrong with
what was typed, and the draft it makes."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from datetime import datetime

from channels.base import Urgency
from civic_push.announcements.details import Details, read_point, write_point
from civic_push.announcements.models import Announcement, AnnouncementKind, AnnouncementText
from civic_push.announcements.publishing import Draft
from civic_push.web.desk.words import _
from civic_push.web.desk.writing import rules
from civic_push.web.desk.writing.written import (
    BODY_LENGTH,
    LENGTHS,
    LINK_LENGTH,
    OTHERS,
    PARTS,
    PLACES,
    SHORT_LENGTH,
    TITLE_LENGTH,
    TOWN,
    Written,
    clean,
    read,
    typed,
)
from civic_push.web.wall_clock import parse_local
from civic_push.wording.when_and_where import point_of
from subscriptions.models import Register
from subscriptions.timing import TOWN_TIME

__all__ = [
    "BODY_LENGTH", "LENGTHS", "LINK_LENGTH", "PLACES", "SHORT_LENGTH", "TITLE_LENGTH", "TOWN",
    "Written", "check_draft", "check_ready", "clean", "copy_of", "details", "read", "show",
    "texts", "to_draft", "told", "translated", "typed", "unchanged"]

_SOME_NUMBER = 99_999  # as long in an SMS's link as one to come


def show(announcement: Announcement) -> Written:
    """A stored announcement as the form shows it."""
    texts = {t.register: t for t in announcement.texts if t.language == "de"}
    empty = AnnouncementText(title="", body="", short="", change="", reviewer="")
    standard, plain = (texts.get(register, empty) for register in Register)
    places = sorted(n.id for n in announcement.neighbourhoods)
    return Written(
        change=standard.change, plain_change=plain.change,
        title=standard.title, body=standard.body, short=standard.short,
        plain_title=plain.title, plain_body=plain.body, plain_short=plain.short,
        reviewer=plain.reviewer, translations=_show_translations(announcement),
        where=PLACES if places else TOWN, places=places,
        topics=sorted(t.id for t in announcement.topics), urgency=announcement.urgency,
        starts=_local(announcement.starts_at), ends=_local(announcement.ends_at),
        expires=_local(announcement.expires_at), address=announcement.place,
        coordinates=write_point(point_of(announcement)), link=announcement.link)


def copy_of(announcement: Announcement) -> Written:
    """A new form with an announcement's words and picture; its times were that one's."""
    return replace(unchanged(show(announcement)), starts="", ends="", expires="",
                   copied=announcement.id, picture="ja")


def unchanged(written: Written) -> Written:
    """The same without a follow-up's lines about what is different."""
    return replace(written, change="", plain_change="", translations={
        language: {**said, "change": ""} for language, said in written.translations.items()})


def told(written: Written) -> dict[str, object]:
    """What the trail keeps of a text: what it concerned, and a seal of its wording."""
    return {"title": written.title, "urgency": written.urgency, "topics": written.topics,
            "neighbourhoods": written.neighbourhoods, "seal": written.seal}


def texts(written: Written, stored: Announcement | None = None) -> list[AnnouncementText]:
    """The German wordings this would make of `stored` or a new announcement; in no session."""
    said = [(Register.STANDARD, written.title, written.body, written.short, "")]
    if written.plain_body:
        said.append((Register.PLAIN, written.plain_title or written.title, written.plain_body,
                     written.plain_short, written.reviewer))
    wordings = [AnnouncementText(language="de", register=register, title=title, body=body,
                                 short=short, reviewer=reviewer)
                for register, title, body, short, reviewer in said]
    Announcement(id=stored.id if stored else _SOME_NUMBER, kind=AnnouncementKind.ORIGINAL,
                 urgency=Urgency.INFO, link=written.link, texts=wordings,
                 source_name=stored.source_name if stored else "")
    return wordings


def translated(written: Written, german: AnnouncementText) -> list[AnnouncementText]:
    """The wordings in other languages, of the announcement that `texts` made."""
    return [AnnouncementText(
        language=language, register=Register.STANDARD, announcement=german.announcement,
        **{part: said.get(part, "") for part in PARTS})
        for language, said in written.translations.items()]


def check_draft(written: Written, topics: Collection[int], places: Collection[int],
                now: datetime) -> dict[str, str]:
    """What keeps this from being stored: field name → one sentence. `topics` and `places`
    are the ids that exist."""
    errors = rules.texts(written)
    if not written.title:
        errors["title"] = _("Bitte geben Sie einen Titel ein.")
    if set(written.topics) - set(topics):
        errors["topics"] = _(
            "Ein Thema gibt es nicht mehr. Bitte wählen Sie noch einmal.")
    found = {"plain_body": rules.plain(written),
             "where": rules.where(written, places), "link": rules.link(written),
             "urgency": rules.urgency(written),
             "coordinates": rules.coordinates(written),
             **rules.times(written, now), **rules.translations(written)}
    return errors | {name: sentence for name, sentence in found.items()
                     if sentence and name not in errors}


def check_ready(written: Written, topics: Collection[int], places: Collection[int],
                now: datetime) -> dict[str, str]:
    """What keeps this from being published: what a draft needs, a text and a topic, and that
    nothing of a template is left to fill in."""
    errors = rules.unfilled(written) | check_draft(written, topics, places, now)
    if not written.body:
        errors.setdefault("body", _("Bitte schreiben Sie den Text der Meldung."))
    if not written.topics:
        errors.setdefault("topics", _("Bitte wählen Sie mindestens ein Thema."))
    return errors


def to_draft(written: Written, author_id: int | None, before: Announcement | None = None
             ) -> Draft:
    """The draft of a form that `check_draft` found right; its `details` come besides. Its
    source is that of `before`, which it changes or follows."""
    return Draft(
        title=written.title, body=written.body, short=written.short,
        plain_title=written.plain_title, plain_body=written.plain_body,
        plain_short=written.plain_short, topics=written.topics,
        neighbourhoods=written.neighbourhoods, urgency=Urgency(written.urgency),
        expires_at=_moment(written.expires), starts_at=_moment(written.starts),
        ends_at=_moment(written.ends), link=written.link, author_id=author_id,
        source_name=before.source_name if before else "")


def details(written: Written) -> Details:
    """What `announcements.details.complete` adds to the draft of the same form."""
    return Details(place=written.address, point=read_point(written.coordinates),
                   reviewer=written.reviewer, translations=written.translations)


def _show_translations(announcement: Announcement) -> dict[str, dict[str, str]]:
    said = {t.language: t for t in announcement.texts if t.register == Register.STANDARD}
    return {language: {part: getattr(said[language], part) for part in PARTS}
            for language in OTHERS if language in said}


def _local(moment: datetime | None) -> str:
    return f"{moment.astimezone(TOWN_TIME):%Y-%m-%dT%H:%M}" if moment else ""


def _moment(text: str) -> datetime | None:
    return parse_local(text) if text else None
