"""What is sent to the API. Lengths are the desk's."""

from __future__ import annotations

from typing import Any

import marshmallow as ma
from babel import Locale
from flask_babel import lazy_gettext

from channels.base import Urgency
from civic_push.announcements.models import AnnouncementState
from civic_push.web.api.fields import Body, Degrees, Flag, Many, Number, Part, Text, Time, Word
from civic_push.web.desk.writing.written import (
    ADDRESS_LENGTH,
    BODY_LENGTH,
    CHANGE_LENGTH,
    LINK_LENGTH,
    OTHERS,
    SHORT_LENGTH,
    TITLE_LENGTH,
)
from content_sources import PARSERS

_SLUG_LENGTH, _CURSOR_LENGTH, _WORDS_LENGTH, _COMMENT_LENGTH = 60, 200, 200, 1000
MOST_ROWS = 100
_NO_SUCH_LANGUAGE = {"unknown": lazy_gettext(
    "Diese Sprache gibt es hier nicht. Möglich sind: %(codes)s.", codes=", ".join(OTHERS))}


def about(words: str, **more: Any) -> dict[str, Any]:
    """What the description says of a member."""
    return {"description": words, **more}


def _slugs(words: str, **kwargs: Any) -> Many:
    return Many(Text(_SLUG_LENGTH, 1), metadata=about(words), **kwargs)


class PlainIn(Body):
    """The same in Einfache Sprache."""

    title = Text(TITLE_LENGTH, load_default="")
    text = Text(BODY_LENGTH, load_default="", metadata=about("Markdown"))
    short = Text(SHORT_LENGTH, load_default="")


class TranslationIn(Body):
    """The same in another language."""

    title = Text(TITLE_LENGTH, 1, required=True)
    text = Text(BODY_LENGTH, 1, required=True, metadata=about("Markdown"))
    short = Text(SHORT_LENGTH, load_default="")


class CorrectedIn(TranslationIn):
    """A correction in another language."""

    change = Text(CHANGE_LENGTH, 1, required=True, metadata=about(
        "One sentence: what is different now."))


class WithdrawnIn(Body):
    """A withdrawal or all-clear in another language."""

    change = Text(CHANGE_LENGTH, 1, required=True)


class _Languages(Body):
    error_messages = _NO_SUCH_LANGUAGE


def in_english(code: str) -> str:
    """A language's name, as the description's readers know it."""
    return str(Locale.parse(code).english_name)


def _by_language(name: str, wording: type[Body], words: str) -> Part:
    """A wording for each language besides German."""
    languages: dict[str, ma.fields.Field[Any]] = {
        code: Part(wording, allow_none=True, metadata=about(in_english(code)))
        for code in OTHERS}
    made = _Languages.from_dict(languages, name=name)
    made.__doc__ = "A wording for each language; null, or not sent: none."
    return Part(made, allow_none=True, metadata=about(words))


class PlaceIn(Body):
    """Where it is: an address, a point on the map, or both."""

    address = Text(ADDRESS_LENGTH, load_default="", metadata=about("In words."))
    latitude = Degrees(90, load_default=None, allow_none=True, metadata=about("WGS 84, degrees."))
    longitude = Degrees(180, load_default=None, allow_none=True, metadata=about(
        "Both of them, or neither."))

    @ma.validates_schema(skip_on_field_errors=True)
    def _whole(self, place: dict[str, Any], **_more: Any) -> None:
        absent = [name for name in ("latitude", "longitude") if place[name] is None]
        if len(absent) == 1:
            raise ma.ValidationError(lazy_gettext(
                "Zu einem Punkt gehören „latitude“ und „longitude“."), absent[0])


class AnnouncementIn(Body):
    """An announcement to be."""

    title = Text(TITLE_LENGTH, 1, required=True)
    text = Text(BODY_LENGTH, load_default="", metadata=about(
        "Markdown. A draft may be without; nothing is published without."))
    short = Text(SHORT_LENGTH, load_default="", metadata=about(
        "One sentence for SMS and push. Empty: made from title and text."))
    plain = Part(PlainIn, load_default=None, allow_none=True)
    translations = _by_language("TranslationsIn", TranslationIn, (
        "By language. Not sent: those of a draft stay; sent: they are all there are."))
    topics = _slugs("Slugs, see /topics. A draft may be without.", load_default=list)
    neighbourhoods = _slugs("Slugs, see /neighbourhoods. An empty list is the whole town.",
                            required=True)
    urgency = Word([u.value for u in Urgency], load_default=Urgency.INFO.value)
    link = Text(LINK_LENGTH, load_default="", metadata=about("Where there is more, https://…"))
    expires_at = Time(load_default=None, allow_none=True, metadata=about(
        "Until when it is worth sending and showing."))
    starts_at = Time(load_default=None, allow_none=True, metadata=about(
        "When what it tells about begins."))
    ends_at = Time(load_default=None, allow_none=True)
    place = Part(PlaceIn, allow_none=True, metadata=about(
        "Where it is. Not sent: that of a draft, or of what is corrected, stays."))


class CorrectionIn(AnnouncementIn):
    """The whole announcement as it should have been, and what is different."""

    change = Text(CHANGE_LENGTH, 1, required=True, metadata=about(
        "One sentence: what is different now."))
    plain_change = Text(CHANGE_LENGTH, load_default="")
    translations = _by_language("CorrectionTranslationsIn", CorrectedIn, (
        "By language. Not sent: none, for the old ones say what is no longer right."))


class WithdrawalIn(Body):
    """Why it no longer holds, or for an all-clear, what holds now."""

    change = Text(CHANGE_LENGTH, 1, required=True)
    plain_change = Text(CHANGE_LENGTH, load_default="")
    translations = _by_language("WithdrawalTranslationsIn", WithdrawnIn, (
        "By language, of those that the announcement has."))
    expires_at = Time(load_default=None, allow_none=True)


class SubmissionIn(Body):
    """A word to whoever approves, and when it should leave."""

    comment = Text(_COMMENT_LENGTH, load_default="")
    at = Time(load_default=None, allow_none=True)


class PublicationIn(Body):
    """When it leaves."""

    at = Time(load_default=None, allow_none=True, metadata=about(
        "Not given: now, after the seconds in which the desk can take it back."))


class AnnouncementQuery(ma.Schema):
    """Which announcements."""

    state = Word([s.value for s in AnnouncementState],
                 load_default=AnnouncementState.PUBLISHED.value)
    topic = Text(_SLUG_LENGTH, 1, metadata=about("A slug; of published ones only."))
    neighbourhood = Text(_SLUG_LENGTH, 1, metadata=about(
        "A slug; of published ones only. What concerns the whole town comes along."))
    words = Text(_WORDS_LENGTH, load_default="", metadata=about(
        "All of these words are in it; of published ones only."))
    limit = Number(1, MOST_ROWS, load_default=20)
    cursor = Text(_CURSOR_LENGTH, 1, metadata=about("`next` of the page before."))


class SourceIn(Body):
    """A place to read."""

    url = Text(LINK_LENGTH, 1, required=True, metadata=about("Its feed: https://…"))
    name = Text(200, load_default="", metadata=about("Empty: its server's name."))
    topics = _slugs("Slugs; at least one.", required=True)
    neighbourhoods = _slugs("Slugs. An empty list: the whole town.", load_default=list)
    interval_minutes = Number(1, 10_080, load_default=15)
    publish = Flag(load_default=False, metadata=about(
        "Publish new items at once; otherwise they wait in the tray."))
    titles_only = Flag(load_default=False, metadata=about(
        "Pass on title and link only: for publishers whose texts are protected."))
    kind = Word(sorted(PARSERS), load_default="feed")
