"""What the desk says about corrections, withdrawals and all-clears."""

from __future__ import annotations

from flask_babel import force_locale, lazy_gettext

from channels.base import Message
from civic_push.announcements.following import CannotFollow, Objection
from civic_push.announcements.models import Announcement, AnnouncementKind, AnnouncementText
from civic_push.config import settings
from civic_push.db import db, utcnow
from civic_push.delivery.compose import said
from civic_push.delivery.follow_up_words import as_follow_up
from civic_push.delivery.previews import SmsPreview, message_preview
from civic_push.languages import locale_of
from civic_push.web.desk.words import _
from civic_push.web.language import moment

KINDS = {
    AnnouncementKind.CORRECTION: lazy_gettext("Korrektur"),
    AnnouncementKind.WITHDRAWAL: lazy_gettext("Rücknahme"),
    AnnouncementKind.ALL_CLEAR: lazy_gettext("Entwarnung"),
}
"""What an announcement is to the one it follows."""


def as_told(text: AnnouncementText) -> Message | None:
    """One wording of a follow-up as those get it who got the original; None for an
    original's."""
    announcement = text.announcement
    if announcement is None or announcement.kind == AnnouncementKind.ORIGINAL:
        return None
    original = db.session.get(Announcement, announcement.chain_id)
    begun = (original and original.published_at) or utcnow()
    with force_locale(locale_of(text.language, text.register)):
        message = said(settings(), announcement, text.language, text.register)
        return as_follow_up(message, announcement.kind,
                            announcement.change(text.language, text.register), begun)


def told_by_sms(message: Message) -> SmsPreview:
    """What the same says by SMS, and costs."""
    return message_preview(settings(), message)


def objection(error: CannotFollow) -> str:
    """Why something cannot be followed, and where that helps, what to do instead."""
    if error.objection == Objection.SETTLED:
        return _("Diese Meldung ist schon veröffentlicht oder verworfen und wurde nicht geändert.")
    if error.objection == Objection.UNPUBLISHED:
        return _("Diese Meldung ist noch nicht veröffentlicht. Sie können sie einfach ändern.")
    if error.objection == Objection.NO_DANGER:
        return _("Eine Entwarnung gibt es nur zu einer Gefahr. Nutzen Sie „Korrigieren“ oder "
                 "„Zurückziehen“.")
    at = moment(error.last.published_at) if error.last.published_at else ""
    if error.objection == Objection.CLEARED:
        return _("Entwarnung wurde schon gegeben: %(time)s.", time=at)
    return _("Diese Meldung wurde schon zurückgezogen: %(time)s. Wenn sie doch gilt, schreiben "
             "Sie bitte eine neue.", time=at)
