"""What the desk says about corrections, withdrawals and all-clears."""

from __future__ import annotations

from flask_babel import lazy_gettext

from civic_push.announcements.following import CannotFollow, Objection
from civic_push.announcements.models import AnnouncementKind
from civic_push.web.desk.words import _
from civic_push.web.desk.writing.write import closed_sentence
from civic_push.web.language import moment

KINDS = {
    AnnouncementKind.CORRECTION: lazy_gettext("Korrektur"),
    AnnouncementKind.WITHDRAWAL: lazy_gettext("Rücknahme"),
    AnnouncementKind.ALL_CLEAR: lazy_gettext("Entwarnung"),
}
"""What an announcement is to the one it follows."""


def objection(error: CannotFollow) -> str:
    """Why something cannot be followed, and where that helps, what to do instead."""
    if error.objection == Objection.SETTLED:
        return closed_sentence()
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
