"""A wording as it is told: a follow-up speaks of the original to those who got that."""

from __future__ import annotations

from flask_babel import force_locale

from channels.base import Message
from civic_push.announcements.models import Announcement, AnnouncementKind, AnnouncementText
from civic_push.config import settings
from civic_push.db import db, utcnow
from civic_push.delivery.compose import said
from civic_push.delivery.follow_up_words import as_follow_up
from civic_push.delivery.previews import SmsPreview, message_preview
from civic_push.languages import locale_of


def plainly(text: AnnouncementText) -> Message:
    """One wording as those get it who have heard nothing of the matter yet."""
    with force_locale(locale_of(text.language, text.register)):
        return said(settings(), text.announcement, text.language, text.register)


def as_told(text: AnnouncementText) -> Message | None:
    """One wording of a follow-up as those get it who got the original; None for an
    original's."""
    announcement = text.announcement
    if announcement is None or announcement.kind == AnnouncementKind.ORIGINAL:
        return None
    original = db.session.get(Announcement, announcement.chain_id)
    begun = (original and original.published_at) or utcnow()
    with force_locale(locale_of(text.language, text.register)):
        return as_follow_up(plainly(text), announcement.kind,
                            announcement.change(text.language, text.register), begun)


def told_by_sms(message: Message) -> SmsPreview:
    """What the same says by SMS, and costs."""
    return message_preview(settings(), message)
