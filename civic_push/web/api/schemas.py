"""What goes in and comes out. Lengths are the desk's."""

from __future__ import annotations

from typing import Any

import marshmallow as ma
from marshmallow import fields

from channels.base import Urgency
from civic_push.announcements.models import AnnouncementKind, AnnouncementState
from civic_push.delivery.models import State
from civic_push.integrations.clients import Scope
from civic_push.web.api.fields import Body, Flag, Many, Number, Part, Text, Time, Word
from civic_push.web.desk_follow_forms import CHANGE_LENGTH
from civic_push.web.desk_forms import BODY_LENGTH, LINK_LENGTH, SHORT_LENGTH, TITLE_LENGTH
from content_sources import PARSERS

_SLUG_LENGTH, _CURSOR_LENGTH, _WORDS_LENGTH, _COMMENT_LENGTH = 60, 200, 200, 1000
MOST_ROWS = 100
_URGENCIES = [u.value for u in Urgency]


def _about(words: str, **more: Any) -> dict[str, Any]:
    return {"description": words, **more}


def _slugs(words: str, **kwargs: Any) -> Many:
    return Many(Text(_SLUG_LENGTH, 1), metadata=_about(words), **kwargs)


class PlainIn(Body):
    """The same in Einfache Sprache."""

    title = Text(TITLE_LENGTH, load_default="")
    text = Text(BODY_LENGTH, load_default="", metadata=_about("Markdown"))
    short = Text(SHORT_LENGTH, load_default="")


class AnnouncementIn(Body):
    """An announcement to be."""

    title = Text(TITLE_LENGTH, 1, required=True)
    text = Text(BODY_LENGTH, load_default="", metadata=_about(
        "Markdown. A draft may be without; nothing is published without."))
    short = Text(SHORT_LENGTH, load_default="", metadata=_about(
        "One sentence for SMS and push. Empty: made from title and text."))
    plain = Part(PlainIn, load_default=None, allow_none=True)
    topics = _slugs("Slugs, see /topics. A draft may be without.", load_default=list)
    neighbourhoods = _slugs("Slugs, see /neighbourhoods. An empty list is the whole town.",
                            required=True)
    urgency = Word(_URGENCIES, load_default=Urgency.INFO.value)
    link = Text(LINK_LENGTH, load_default="", metadata=_about("Where there is more, https://…"))
    expires_at = Time(load_default=None, allow_none=True, metadata=_about(
        "Until when it is worth sending and showing."))
    starts_at = Time(load_default=None, allow_none=True, metadata=_about(
        "When what it tells about begins."))
    ends_at = Time(load_default=None, allow_none=True)


class CorrectionIn(AnnouncementIn):
    """The whole announcement as it should have been, and what is different."""

    change = Text(CHANGE_LENGTH, 1, required=True, metadata=_about(
        "One sentence: what is different now."))
    plain_change = Text(CHANGE_LENGTH, load_default="")


class WithdrawalIn(Body):
    """Why it no longer holds, or for an all-clear, what holds now."""

    change = Text(CHANGE_LENGTH, 1, required=True)
    plain_change = Text(CHANGE_LENGTH, load_default="")
    expires_at = Time(load_default=None, allow_none=True)


class SubmissionIn(Body):
    """A word to whoever approves, and when it should leave."""

    comment = Text(_COMMENT_LENGTH, load_default="")
    at = Time(load_default=None, allow_none=True)


class PublicationIn(Body):
    """When it leaves."""

    at = Time(load_default=None, allow_none=True, metadata=_about(
        "Not given: now, after the seconds in which the desk can take it back."))


class Plain(ma.Schema):
    """The same in Einfache Sprache."""

    title = fields.String(required=True)
    text = fields.String(required=True)
    short = fields.String(required=True)


class Announcement(ma.Schema):
    """What the town says."""

    id = fields.Integer(required=True)
    url = fields.String(required=True, metadata=_about("Its page for residents."))
    state = fields.String(required=True, metadata=_about(
        "draft, waiting (in the tray), submitted (for approval), scheduled, published or "
        "dismissed. Strangers see what is published.", enum=[s.value for s in AnnouncementState]))
    kind = fields.String(required=True, metadata={"enum": [k.value for k in AnnouncementKind]})
    replaces = fields.Integer(required=True, allow_none=True, metadata=_about(
        "The announcement that this one corrects, withdraws or clears."))
    change = fields.String(required=True, metadata=_about("What is different from that one."))
    title = fields.String(required=True)
    text = fields.String(required=True, metadata=_about("Markdown."))
    short = fields.String(required=True)
    plain = fields.Nested(Plain, required=True, allow_none=True)
    topics = fields.List(fields.String(), required=True)
    neighbourhoods = fields.List(fields.String(), required=True, metadata=_about(
        "Empty: the whole town."))
    urgency = fields.String(required=True, metadata={"enum": _URGENCIES})
    link = fields.String(required=True)
    source = fields.String(required=True, metadata=_about(
        "Who said it first; empty: the town itself."))
    created_at = fields.DateTime(required=True)
    scheduled_at = fields.DateTime(required=True, allow_none=True)
    published_at = fields.DateTime(required=True, allow_none=True)
    expires_at = fields.DateTime(required=True, allow_none=True)
    starts_at = fields.DateTime(required=True, allow_none=True)
    ends_at = fields.DateTime(required=True, allow_none=True)


class Announcements(ma.Schema):
    """A page of announcements, newest first."""

    items = fields.List(fields.Nested(Announcement), required=True)
    next = fields.String(required=True, allow_none=True, metadata=_about(
        "The `cursor` of the next page; null: this is the last."))


class AnnouncementQuery(ma.Schema):
    """Which announcements."""

    state = Word([s.value for s in AnnouncementState],
                 load_default=AnnouncementState.PUBLISHED.value)
    topic = Text(_SLUG_LENGTH, 1, metadata=_about("A slug; of published ones only."))
    neighbourhood = Text(_SLUG_LENGTH, 1, metadata=_about(
        "A slug; of published ones only. What concerns the whole town comes along."))
    words = Text(_WORDS_LENGTH, load_default="", metadata=_about(
        "All of these words are in it; of published ones only."))
    limit = Number(1, MOST_ROWS, load_default=20)
    cursor = Text(_CURSOR_LENGTH, 1, metadata=_about("`next` of the page before."))


class Verdict(ma.Schema):
    """What publishing this would meet, without storing it."""

    ready = fields.Boolean(required=True, metadata=_about("Nothing is missing."))
    errors = fields.List(fields.Nested(ma.Schema.from_dict(
        {"pointer": fields.String(required=True), "detail": fields.String(required=True)},
        name="Flaw")), required=True)
    inboxes = fields.Dict(
        keys=fields.String(), values=fields.Integer(allow_none=True), required=True,
        metadata=_about("How many it would reach, by channel; null: fewer than 5."))


class ChannelStatus(ma.Schema):
    """The deliveries of one channel by state; null: fewer than 5 residents."""

    channel = fields.String(required=True)
    outlet = fields.Boolean(required=True, metadata=_about("A public place of the town."))
    counts = fields.Dict(keys=fields.String(metadata={"enum": [s.value for s in State]}),
                         values=fields.Integer(allow_none=True), required=True)


class Status(ma.Schema):
    """How far the deliveries have come."""

    id = fields.Integer(required=True)
    state = fields.String(required=True, metadata={"enum": [s.value for s in AnnouncementState]})
    published_at = fields.DateTime(required=True, allow_none=True)
    finished = fields.Boolean(required=True, metadata=_about("Nothing waits any more."))
    channels = fields.List(fields.Nested(ChannelStatus), required=True)


class Topic(ma.Schema):
    """What one can ask for."""

    slug = fields.String(required=True)
    name = fields.String(required=True)
    description = fields.String(required=True)


class Neighbourhood(ma.Schema):
    """An Ortsteil."""

    slug = fields.String(required=True)
    name = fields.String(required=True)


class Topics(ma.Schema):
    """All topics."""

    items = fields.List(fields.Nested(Topic), required=True)


class Neighbourhoods(ma.Schema):
    """All Ortsteile."""

    items = fields.List(fields.Nested(Neighbourhood), required=True)


class SourceIn(Body):
    """A place to read."""

    url = Text(LINK_LENGTH, 1, required=True, metadata=_about("Its feed: https://…"))
    name = Text(200, load_default="", metadata=_about("Empty: its server's name."))
    topics = _slugs("Slugs; at least one.", required=True)
    neighbourhoods = _slugs("Slugs. An empty list: the whole town.", load_default=list)
    interval_minutes = Number(1, 10_080, load_default=15)
    publish = Flag(load_default=False, metadata=_about(
        "Publish new items at once; otherwise they wait in the tray."))
    titles_only = Flag(load_default=False, metadata=_about(
        "Pass on title and link only: for publishers whose texts are protected."))
    kind = Word(sorted(PARSERS), load_default="feed")


class Source(ma.Schema):
    """A place we read."""

    id = fields.Integer(required=True)
    url = fields.String(required=True)
    name = fields.String(required=True)
    kind = fields.String(required=True)
    active = fields.Boolean(required=True)
    publish = fields.Boolean(required=True)
    titles_only = fields.Boolean(required=True)
    interval_minutes = fields.Integer(required=True)
    topics = fields.List(fields.String(), required=True)
    neighbourhoods = fields.List(fields.String(), required=True)
    checked_at = fields.DateTime(required=True, allow_none=True)
    next_check_at = fields.DateTime(required=True)
    errors = fields.Integer(required=True, metadata=_about("Failed checks in a row."))
    last_error = fields.String(required=True)


class Sources(ma.Schema):
    """All sources."""

    items = fields.List(fields.Nested(Source), required=True)


class Checked(ma.Schema):
    """What a check found."""

    source = fields.Nested(Source, required=True)
    found = fields.Integer(required=True, metadata=_about("New items."))
    error = fields.String(required=True, metadata=_about("Empty: it could be read."))


class Myself(ma.Schema):
    """Who the token speaks for."""

    name = fields.String(required=True)
    scopes = fields.List(fields.String(metadata={"enum": [s.value for s in Scope]}),
                         required=True)
    topics = fields.List(fields.String(), required=True, metadata=_about("Empty: all."))
    neighbourhoods = fields.List(fields.String(), required=True, metadata=_about(
        "Empty: no limit."))
    expires_at = fields.DateTime(required=True, allow_none=True)
