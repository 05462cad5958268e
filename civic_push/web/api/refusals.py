"""Why an announcement is not let out, or cannot be followed, as problems."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from flask_babel import lazy_gettext

from civic_push.announcements.approval import CannotSend, Refusal
from civic_push.announcements.following import CannotFollow
from civic_push.announcements.models import Announcement
from civic_push.announcements.publishing import AlreadyPublished
from civic_push.db import db
from civic_push.web.desk.following.words import objection
from civic_push.web.language import _
from civic_push.web.problems import Problem

_SUBMIT = lazy_gettext("Reichen Sie sie mit „submit“ zur Freigabe ein.")
_REFUSALS = {
    Refusal.SETTLED: (409, lazy_gettext("Jemand anderes war schneller."), lazy_gettext(
        "Lesen Sie die Meldung noch einmal.")),
    Refusal.OUTSIDE: (403, lazy_gettext("Dieses Token darf das nicht."), lazy_gettext(
        "Die Meldung liegt außerhalb seiner Ortsteile oder Themen.")),
    Refusal.SECOND_PERSON: (409, lazy_gettext(
        "Diese Meldung braucht die Freigabe einer zweiten Person."), _SUBMIT),
    Refusal.OWN_TEXT: (409, lazy_gettext(
        "Diese Meldung braucht die Freigabe einer anderen Person."), ""),
    Refusal.LAST_EDITOR: (409, lazy_gettext(
        "Diese Meldung braucht die Freigabe einer anderen Person."), ""),
    Refusal.NO_APPROVER: (403, lazy_gettext("Freigeben kann nur eine Person."), lazy_gettext(
        "Programme reichen ein; freigegeben wird in der Redaktion.")),
    Refusal.EXPIRES_BEFORE: (409, lazy_gettext(
        "Die Meldung wäre abgelaufen, bevor sie hinausgeht."), lazy_gettext(
        "Ändern Sie „expires_at“ oder den Zeitpunkt.")),
}


@contextmanager
def said() -> Iterator[None]:
    """Say as a problem why something is not done. Nothing of it stays."""
    try:
        yield
    except CannotSend as error:
        db.session.rollback()
        status, title, detail = _REFUSALS[error.refusal]
        code = str(error.refusal).replace("_", "-")
        raise Problem(status, code, str(title), str(detail)) from error
    except CannotFollow as error:
        sentence, last = objection(error), error.last.id
        db.session.rollback()
        raise Problem(409, "cannot-follow", sentence, _("Es geht um Meldung %(number)s.",
                                                        number=last)) from error
    except AlreadyPublished as error:
        db.session.rollback()
        raise Problem(409, "settled", _("Diese Meldung kann nicht mehr geändert werden."),
                      ) from error


def settled(row: Announcement) -> Problem:
    """It is in another state than this needs."""
    return Problem(409, "settled", _("Das geht in diesem Zustand nicht."),
                   _("Die Meldung ist „%(state)s“.", state=str(row.state)))
