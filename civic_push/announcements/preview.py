"""What leaves, seen beforehand: made by the same code that sends, from the stored announcement.

Nothing here imitates a channel. The message comes from the Composer (or, for a digest, from
Digests), and each channel's own function makes of it what it would hand over. Only what is
personal is a sample: the reason, the address, the links to leave and to change.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any, cast

import nh3
from apprise import NotifyFormat
from sqlalchemy import select
from sqlalchemy.orm import Session

from channels import push_payload, relay, telegram
from channels.base import Channel, Envelope, Message
from channels.mail import Mail
from channels.outlet import Outlets, wants
from civic_push.announcements.models import Announcement, AnnouncementKind, AnnouncementState
from civic_push.config import Settings
from civic_push.delivery.compose import Composer
from civic_push.delivery.digests import Digests, Wanted
from civic_push.delivery.previews import SAMPLE, SmsPreview, message_preview
from civic_push.delivery.trials import as_read, reason_for
from civic_push.languages import LANGUAGES
from civic_push.wording.markdown import SCHEMES
from subscriptions.models import Register

COMPANIONS = 2  # announcements that a sample digest holds besides the one looked at
_TELEGRAM_TAGS = {"a", "b", "blockquote", "br", "code", "i", "pre", "s", "u"}
_ADDRESS = "ihre-adresse@example.org"


@dataclass(frozen=True, slots=True)
class Reader:
    """Who looks: language and register, at once or in a digest, and of a follow-up whether
    he gets it as the `first` thing he hears."""

    language: str = "de"
    register: str = Register.STANDARD
    digest: bool = False
    first: bool = False


@dataclass(frozen=True, slots=True)
class MailSeen:
    """A mail taken apart again."""

    headers: list[tuple[str, str]]
    text: str
    html: str
    size: int  # bytes on the wire


@dataclass(frozen=True, slots=True)
class OutletSeen:
    """What one public place would show; `html` is sanitised, or else there is only text."""

    name: str
    title: str
    text: str = ""
    html: str = ""
    trouble: bool = False  # its URL cannot be used


@dataclass(frozen=True, slots=True)
class Version:
    """What readers of one language and register get: whose text, and how much room it takes."""

    language: str
    register: str
    text_language: str
    text_register: str
    sms: SmsPreview
    push_whole: bool

    @property
    def own(self) -> bool:
        """Whether there is a text for just these readers."""
        return (self.language, self.register) == (self.text_language, self.text_register)


@dataclass(slots=True)
class Previewer:
    """Makes previews of one announcement, in a session of its own: composing cuts what it
    reads loose from the session."""

    session: Session
    settings: Settings
    announcement_id: int
    now: datetime
    composer: Composer = field(init=False)

    def __post_init__(self) -> None:
        self.composer = Composer(self.session, self.settings)
        self.composer.load({self.announcement_id})

    def message(self, reader: Reader, channel: str) -> Message:
        """What such a reader gets on a channel."""
        wanted = self.digest() if reader.digest else ()
        if len(wanted) > 1:  # one announcement alone comes as it would at once
            return Digests(self.composer, self.now, channel).message(
                wanted, reader.language, reader.register)
        return as_read(self.composer, self.announcement_id, reader.language, reader.register,
                       reader.first)

    def digest(self) -> Wanted:
        """A sample digest: this announcement and the last ones published."""
        others = self.session.scalars(
            select(Announcement.id)
            .where(Announcement.state == AnnouncementState.PUBLISHED,
                   Announcement.kind == AnnouncementKind.ORIGINAL,
                   Announcement.expires_at > self.now, Announcement.id != self.announcement_id)
            .order_by(Announcement.published_at.desc(), Announcement.id.desc())
            .limit(COMPANIONS)).all()
        ids = (self.announcement_id, *others)
        self.composer.load(set(ids))
        return tuple((number, reason_for(self.composer, number), False) for number in ids)

    def versions(self, announcement: Announcement) -> list[Version]:
        """Every language and register, with the text its readers get."""
        return [self._version(announcement, language, register)
                for language in LANGUAGES for register in Register]

    def _version(self, announcement: Announcement, language: str, register: str) -> Version:
        text = announcement.text(language, register)
        message = self.message(Reader(language, register), "sms")
        body = json.loads(push_payload.payload(message))["body"]
        return Version(language, register, text.language, text.register,
                       message_preview(self.settings, message),
                       push_whole=body.startswith(message.short))


def mail(channel: Channel, message: Message, settings: Settings) -> MailSeen:
    """The mail as the mail channel writes it, to a sample inbox."""
    links = (f"{settings.public_url}/abmelden/{SAMPLE}",
             f"{settings.public_url}/einstellungen/{SAMPLE}") if message.list_id else ("", "")
    raw = cast(Mail, channel).written(Envelope(1, _ADDRESS, message, *links))
    read = message_from_bytes(raw, policy=policy.default)
    return MailSeen(headers=[(name, str(value)) for name, value in read.items()],
                    text=_part(read, "plain"), html=_part(read, "html"), size=len(raw))


def chat(message: Message, settings: Settings) -> str:
    """The Telegram message as safe HTML, its line ends kept."""
    body = json.loads(telegram.body(Envelope(
        1, "1", message, f"{settings.public_url}/abmelden/{SAMPLE}",
        f"{settings.public_url}/einstellungen/{SAMPLE}")))
    return nh3.clean(body["text"], tags=_TELEGRAM_TAGS, attributes={"a": {"href"}},
                     url_schemes=SCHEMES, link_rel="noopener noreferrer")


def push(message: Message) -> Mapping[str, Any]:
    """What the service worker would get: title, body, url, lang, dir, urgency, buttons."""
    found: dict[str, Any] = json.loads(push_payload.payload(message))
    return found


def outlets(channel: Channel, message: Message, settings: Settings, announcement: Announcement
            ) -> list[OutletSeen]:
    """What each public place that wants this announcement would show."""
    topics = [t.slug for t in announcement.topics]
    places = [n.slug for n in announcement.neighbourhoods]
    return [_outlet(cast(Outlets, channel), one.name, message) for one in settings.outlets
            if wants(asdict(one), topics, places)]


def _outlet(channel: Outlets, name: str, message: Message) -> OutletSeen:
    try:
        title, body, form = channel.written(name, message)
    except relay.BadService:
        return OutletSeen(name, "", trouble=True)
    if form == NotifyFormat.HTML:
        return OutletSeen(name, title, html=nh3.clean(body, url_schemes=SCHEMES))
    return OutletSeen(name, title, text=body)


def _part(read: EmailMessage, kind: str) -> str:
    part = read.get_body(preferencelist=(kind,))
    return str(part.get_content()) if part is not None else ""
