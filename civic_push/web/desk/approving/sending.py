"""Letting an announcement out, of whatever kind: when it leaves, who may, and what is said
about it. The pages are `approval`'s and `following.pages`'s."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from datetime import datetime

from flask import flash, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import format_decimal, lazy_gettext, ngettext
from flask_security import current_user

from civic_push.announcements import approval
from civic_push.announcements.approval import CannotSend, Refusal, Why
from civic_push.announcements.approval_models import Deed
from civic_push.announcements.models import Announcement, AnnouncementKind, AnnouncementState
from civic_push.config import settings
from civic_push.db import db, utcnow
from civic_push.delivery import transactional
from civic_push.staff import roles
from civic_push.staff.roles import Can
from civic_push.web.desk.words import _
from civic_push.web.desk.writing.forms import clean
from civic_push.web.forms import Typed
from civic_push.web.language import moment
from civic_push.web.pictures import image_of
from civic_push.web.wall_clock import AmbiguousHour, parse_exact
from civic_push.wording.when_and_where import map_url, when
from subscriptions.timing import TOWN_TIME

COMMENT_LENGTH = 1_000
Step = Callable[[Announcement, datetime | None, datetime, dict[str, object]],
                ResponseReturnValue]
"""`let_out` or `hand_in`."""

REFUSALS = {
    Refusal.SETTLED: lazy_gettext(
        "Zu spät: Die Meldung ist inzwischen schon veröffentlicht, zurückgegeben oder verworfen "
        "und wurde nicht geändert."),
    Refusal.OUTSIDE: lazy_gettext(
        "Diese Meldung liegt außerhalb Ihrer Ortsteile, Themen oder Aufgaben."),
    Refusal.SECOND_PERSON: lazy_gettext(
        "Diese Meldung braucht eine zweite Person. Bitte reichen Sie sie zur Freigabe ein."),
    Refusal.OWN_TEXT: lazy_gettext(
        "Sie haben diese Meldung selbst geschrieben. Bitte lassen Sie eine andere Person "
        "freigeben."),
    Refusal.LAST_EDITOR: lazy_gettext(
        "Sie haben diesen Text zuletzt geändert. Bitte lassen Sie eine andere Person freigeben."),
    Refusal.NO_APPROVER: lazy_gettext(
        "Freigeben darf das nur, wer die Aufgabe „Freigabe“ hat."),
    Refusal.EXPIRES_BEFORE: lazy_gettext(
        "Bis sie hinausgeht, gilt die Meldung nicht mehr. Bitte ändern Sie „Gültig bis“ oder "
        "wählen Sie einen früheren Zeitpunkt."),
}
"""Why a step was not taken."""

_PUBLISHED = {
    AnnouncementKind.ORIGINAL: lazy_gettext(
        "Die Meldung ist veröffentlicht und geht jetzt hinaus."),
    AnnouncementKind.CORRECTION: lazy_gettext(
        "Die Korrektur ist veröffentlicht und geht jetzt hinaus."),
    AnnouncementKind.WITHDRAWAL: lazy_gettext(
        "Die Meldung ist zurückgezogen. Wer sie bekommen hat, erfährt es jetzt."),
    AnnouncementKind.ALL_CLEAR: lazy_gettext(
        "Die Entwarnung ist veröffentlicht und geht jetzt hinaus."),
}
DEEDS = {
    Deed.SUBMITTED: lazy_gettext("eingereicht"),
    Deed.TAKEN_BACK: lazy_gettext("wieder zum Entwurf gemacht"),
    Deed.SENT_BACK: lazy_gettext("zurückgegeben"),
    Deed.APPROVED: lazy_gettext("freigegeben"),
    Deed.LATE: lazy_gettext("nicht mehr veröffentlicht"),
}
LATE_WORDS = {
    "expired": lazy_gettext("Als sie hinausgehen sollte, galt sie nicht mehr."),
    "withdrawn": lazy_gettext("Was sie ergänzt, war inzwischen zurückgezogen."),
    "cleared": lazy_gettext("Entwarnung war inzwischen gegeben."),
    "overtaken": lazy_gettext("Inzwischen ging eine andere Fassung hinaus. Bitte prüfen Sie, ob "
                              "diese noch dazu passt."),
}
"""Why the clock made a draft of it again, where it has a sentence for that."""


def outlook(announcement: Announcement) -> dict[str, object]:
    """What the pages before sending show: who may let it out, and what was said so far."""
    session, now = db.session(), utcnow()
    why = approval.second_person(session, announcement)
    return {"why": why, "refusal": approval.refusal(current_user, announcement, why),
            "steps": approval.steps(session, announcement), "undo": settings().undo_seconds,
            "now_local": f"{now.astimezone(TOWN_TIME):%Y-%m-%dT%H:%M}"}


def sealed(announcement: Announcement, seal: str) -> str:
    """The seal of all that is read before it leaves: the text's `seal`, and the picture."""
    picture = image_of(announcement)
    if picture is None:
        return seal
    shown = f"{picture.digest}\n{picture.alt}"
    return f"{seal}-{hashlib.sha256(shown.encode()).hexdigest()[:16]}"


def words() -> dict[str, object]:
    """What the templates of these pages say besides their own text."""
    return {"refusal_words": REFUSALS, "deed_words": DEEDS, "late_words": LATE_WORDS,
            "reasons": _reasons(), "comment_length": COMMENT_LENGTH,
            "when_of": when, "map_url": map_url,
            "came_back": lambda announcement: approval.came_back(db.session(), announcement)}


def read_wish(announcement: Announcement) -> Typed:
    """The form about when it leaves, as it begins: with what its author wished for."""
    typed, at = Typed(), announcement.scheduled_at
    wished = announcement.state == AnnouncementState.SUBMITTED and at and at > utcnow()
    typed.values["when"] = "later" if wished else "now"
    if wished and at:
        typed.values["at"] = f"{at.astimezone(TOWN_TIME):%Y-%m-%dT%H:%M}"
    return typed


def read_when(announcement: Announcement, now: datetime) -> tuple[Typed, datetime | None]:
    """The form as typed, and when it shall leave (None: now). What is wrong is in its
    errors."""
    typed = Typed(request.form)
    if len(typed.text("comment")) > COMMENT_LENGTH:
        typed.errors["comment"] = _("Bitte kürzen Sie: höchstens %(most)s Zeichen.",
                                    most=COMMENT_LENGTH)
    if typed.text("when") != "later":
        return typed, None
    at = None
    try:
        at = parse_exact(typed.text("at"))
    except AmbiguousHour:
        typed.errors["at"] = _("Diese Uhrzeit kommt in der Nacht zweimal, weil die Uhren "
                               "umgestellt werden. Bitte wählen Sie eine Zeit vor 2 Uhr oder "
                               "ab 3 Uhr.")
    except LookupError:
        typed.errors["at"] = _(
            "Diese Uhrzeit gibt es an dem Tag nicht: Die Uhren werden umgestellt.")
    except (ValueError, OverflowError):
        typed.errors["at"] = _(
            "Bitte geben Sie Tag und Uhrzeit ein, zum Beispiel 18.11.2026 18:00.")
    if at is not None and (sentence := _wrong_moment(announcement, at, now)):
        typed.errors["at"] = sentence
    return typed, at


def let_out(announcement: Announcement, at: datetime | None, now: datetime,
            told: dict[str, object]) -> ResponseReturnValue:
    """Publish or schedule, and say what happens now. Raises CannotSend, CannotFollow."""
    number = announcement.id
    leaves = approval.release(db.session(), current_user._get_current_object(), announcement,
                              now, at=at, told=told,
                              skip_undo=request.form.get("at_once") == "ja")
    if leaves is None:
        flash(published(announcement), "success")
    elif at is not None:
        flash(_("Eingeplant. Die Meldung geht von selbst hinaus: %(time)s.",
                time=moment(leaves)), "success")
    else:
        seconds = settings().undo_seconds
        flash(ngettext("Die Meldung geht in einer Sekunde hinaus. Bis dahin können Sie sie "
                       "wieder zum Entwurf machen.",
                       "Die Meldung geht in %(num)d Sekunden hinaus. Bis dahin können Sie sie "
                       "wieder zum Entwurf machen.", seconds), "success")
    return redirect(url_for("desk.watch", number=number))


def published(announcement: Announcement) -> str:
    """What is said once something is out."""
    return str(_PUBLISHED[AnnouncementKind(announcement.kind)])


def hand_in(announcement: Announcement, at: datetime | None, now: datetime,
            told: dict[str, object]) -> ResponseReturnValue:
    """Submit, and say what happens now. Raises CannotSend."""
    asked = approval.submit(
        db.session(), current_user._get_current_object(), announcement, now, at=at,
        comment=clean(request.form.get("comment", "")), told=told)
    number = announcement.id
    db.session.commit()
    transactional.ring("email")
    if asked:
        flash(_("Eingereicht. Sobald jemand freigibt, geht die Meldung hinaus."), "success")
    else:
        flash(_("Eingereicht. Doch niemand sonst darf das freigeben: Bitte bitten Sie die "
                "Verwaltung, jemandem die Aufgabe „Freigabe“ zu geben."), "warning")
    return redirect(url_for("desk.watch", number=number))


def refused(error: CannotSend, number: int) -> ResponseReturnValue:
    """Back to the announcement, with the reason."""
    db.session.rollback()
    flash(str(REFUSALS[error.refusal]), "warning")
    return redirect(url_for("desk.watch", number=number))


def may_decide(announcement: Announcement) -> bool:
    """Whether the person at the desk may send this back."""
    return (announcement.state == AnnouncementState.SUBMITTED
            and roles.may(current_user, Can.PUBLISH, announcement))


def _reasons() -> dict[Why, str]:
    return {
        Why.DANGER: _("Eine Gefahr gibt immer eine zweite Person frei."),
        Why.MANY: _("Was mehr als %(count)s Postfächer erreicht, gibt eine zweite Person frei.",
                    count=format_decimal(settings().second_person_above))}


def _wrong_moment(announcement: Announcement, at: datetime, now: datetime) -> str:
    if at <= now:
        return _("Dieser Zeitpunkt ist schon vorbei. Bitte wählen Sie einen späteren.")
    if at > now + approval.LONGEST:
        return _("Bitte wählen Sie einen Zeitpunkt innerhalb eines Jahres.")
    if announcement.expires_at is not None and announcement.expires_at <= at:
        return _("Die Meldung gilt nur bis %(time)s. Bitte wählen Sie einen früheren Zeitpunkt, "
                 "oder ändern Sie „Gültig bis“.", time=moment(announcement.expires_at))
    return ""
