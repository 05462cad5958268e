"""What the API answers."""

from __future__ import annotations

import marshmallow as ma
from marshmallow import fields

from channels.base import Urgency
from civic_push.announcements.models import AnnouncementKind, AnnouncementState
from civic_push.delivery.models import State
from civic_push.integrations.clients import Scope
from civic_push.web.api.schemas_in import about, in_english
from civic_push.web.desk.writing.written import OTHERS


class Plain(ma.Schema):
    """The same in Einfache Sprache."""

    title = fields.String(required=True)
    text = fields.String(required=True)
    short = fields.String(required=True)


class Translation(ma.Schema):
    """The same in another language."""

    title = fields.String(required=True)
    text = fields.String(required=True, metadata=about("Markdown."))
    short = fields.String(required=True)
    change = fields.String(metadata=about("Of what follows another announcement."))


_Translations = ma.Schema.from_dict(
    {code: fields.Nested(Translation, metadata=about(in_english(code))) for code in OTHERS},
    name="Translations")
_Translations.__doc__ = "A wording for each language that there is."


class Place(ma.Schema):
    """Where it is: an address, a point on the map, or both."""

    address = fields.String(required=True)
    latitude = fields.Float(required=True, allow_none=True, metadata=about("WGS 84, degrees."))
    longitude = fields.Float(required=True, allow_none=True)


class Image(ma.Schema):
    """The picture on its page."""

    url = fields.String(required=True, metadata=about(
        "Answers once the announcement is published."))
    alt = fields.String(required=True, metadata=about(
        "What is to be seen, for those who do not see it; German."))
    width = fields.Integer(required=True, metadata=about("Pixels."))
    height = fields.Integer(required=True)


class Announcement(ma.Schema):
    """What the town says."""

    id = fields.Integer(required=True)
    url = fields.String(required=True, metadata=about("Its page for residents."))
    state = fields.String(required=True, metadata=about(
        "draft, waiting (in the tray), submitted (for approval), scheduled, published or "
        "dismissed. Strangers see what is published.", enum=[s.value for s in AnnouncementState]))
    kind = fields.String(required=True, metadata={"enum": [k.value for k in AnnouncementKind]})
    replaces = fields.Integer(required=True, allow_none=True, metadata=about(
        "The announcement that this one corrects, withdraws or clears."))
    change = fields.String(required=True, metadata=about("What is different from that one."))
    title = fields.String(required=True)
    text = fields.String(required=True, metadata=about("Markdown."))
    short = fields.String(required=True)
    plain = fields.Nested(Plain, required=True, allow_none=True)
    translations = fields.Nested(_Translations, required=True, metadata=about(
        "By language; only those there are. Who reads another one reads German."))
    topics = fields.List(fields.String(), required=True)
    neighbourhoods = fields.List(fields.String(), required=True, metadata=about(
        "Empty: the whole town."))
    urgency = fields.String(required=True, metadata={"enum": [u.value for u in Urgency]})
    link = fields.String(required=True)
    source = fields.String(required=True, metadata=about(
        "Who said it first; empty: the town itself."))
    place = fields.Nested(Place, required=True, allow_none=True)
    image = fields.Nested(Image, required=True, allow_none=True)
    created_at = fields.DateTime(required=True)
    scheduled_at = fields.DateTime(required=True, allow_none=True)
    published_at = fields.DateTime(required=True, allow_none=True)
    expires_at = fields.DateTime(required=True, allow_none=True)
    starts_at = fields.DateTime(required=True, allow_none=True)
    ends_at = fields.DateTime(required=True, allow_none=True)


class Announcements(ma.Schema):
    """A page of announcements, newest first."""

    items = fields.List(fields.Nested(Announcement), required=True)
    next = fields.String(required=True, allow_none=True, metadata=about(
        "The `cursor` of the next page; null: this is the last."))


class Flaw(ma.Schema):
    """What is wrong, or missing, and where (JSON Pointer, RFC 6901)."""

    pointer = fields.String(required=True)
    detail = fields.String(required=True)


class Verdict(ma.Schema):
    """What publishing this would meet, without storing it."""

    ready = fields.Boolean(required=True, metadata=about("Nothing is missing."))
    errors = fields.List(fields.Nested(Flaw), required=True)
    inboxes = fields.Dict(
        keys=fields.String(), values=fields.Integer(allow_none=True), required=True,
        metadata=about("How many it would reach, by channel; null: fewer than 5."))


class ChannelStatus(ma.Schema):
    """The deliveries of one channel by state; null: fewer than 5 residents."""

    channel = fields.String(required=True)
    outlet = fields.Boolean(required=True, metadata=about("A public place of the town."))
    counts = fields.Dict(keys=fields.String(metadata={"enum": [s.value for s in State]}),
                         values=fields.Integer(allow_none=True), required=True)


class Status(ma.Schema):
    """How far the deliveries have come."""

    id = fields.Integer(required=True)
    state = fields.String(required=True, metadata={"enum": [s.value for s in AnnouncementState]})
    published_at = fields.DateTime(required=True, allow_none=True)
    finished = fields.Boolean(required=True, metadata=about("Nothing waits any more."))
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
    errors = fields.Integer(required=True, metadata=about("Failed checks in a row."))
    last_error = fields.String(required=True)


class Sources(ma.Schema):
    """All sources."""

    items = fields.List(fields.Nested(Source), required=True)


class Checked(ma.Schema):
    """What a check found."""

    source = fields.Nested(Source, required=True)
    found = fields.Integer(required=True, metadata=about("New items."))
    error = fields.String(required=True, metadata=about("Empty: it could be read."))


class Myself(ma.Schema):
    """Who the token speaks for."""

    name = fields.String(required=True)
    scopes = fields.List(fields.String(metadata={"enum": [s.value for s in Scope]}),
                         required=True)
    topics = fields.List(fields.String(), required=True, metadata=about("Empty: all."))
    neighbourhoods = fields.List(fields.String(), required=True, metadata=about(
        "Empty: no limit."))
    expires_at = fields.DateTime(required=True, allow_none=True)
