"""What all pages of the desk share: who may come in and do what, and how an announcement is
found."""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import TypeVar

from flask import Blueprint, abort, current_app, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_security import auth_required, current_user
from sqlalchemy import update
from werkzeug.wrappers import Response

from civic_push.announcements.models import Announcement
from civic_push.db import db, utcnow
from civic_push.staff import roles, sessions, trail
from civic_push.staff.models import DeskSession
from civic_push.staff.roles import Can
from civic_push.staff.security import here, lacks_second_factor
from civic_push.web.desk.words import WORDS, _
from civic_push.web.errors import Trouble
from civic_push.web.protection import keep_private

desk = Blueprint("desk", __name__, url_prefix="/redaktion")
desk.after_request(keep_private)

ID = "<int(max=999999999999):number>"  # longer numbers would not fit the database's integers


_View = TypeVar("_View", bound=Callable[..., ResponseReturnValue])


def needs(ability: Can) -> Callable[[_View], _View]:
    """Say what one must be entitled to for a page of the desk: put it under the route. Every
    page of the desk says so; one that does not is for nobody."""
    def mark(view: _View) -> _View:
        view.needs = ability  # type: ignore[attr-defined]  # read by only_staff
        return view
    return mark


_WRITING = ("desk.save_new", "desk.save", "desk.save_follow", "desk.save_follow_up")


@desk.before_request
def give_back_text() -> ResponseReturnValue | None:
    """A session that ended in the middle of writing costs nobody his text: it comes back on
    a page that sends it again, once he has signed in."""
    inside = current_user.is_authenticated and not lacks_second_factor(current_user)
    if inside or request.endpoint not in _WRITING:
        return None
    if request.method != "POST" or not request.form:
        return None
    fields = [pair for pair in request.form.items(multi=True) if pair[0] != "csrf_token"]
    return render_template("desk/signed_out.html", fields=fields), 401


@desk.before_request
@auth_required("session")
def only_staff() -> ResponseReturnValue | None:
    """Send strangers to the sign-in page and those without a second factor to where they get
    one, and refuse what somebody's roles do not entitle to."""
    view = current_app.view_functions.get(request.endpoint or "")
    ability = getattr(view, "needs", None)
    if ability is None or not roles.can(current_user, ability):
        if request.endpoint == "desk.overview" and roles.can(current_user, Can.WORK):
            return redirect(url_for(_first_page()))
        abort(403)
    if ability != Can.WORK and lacks_second_factor(current_user):
        return redirect(url_for("desk.account"))
    return None


def _first_page() -> str:
    """Where those begin who have nothing to do with announcements."""
    return "desk.counter" if roles.can(current_user, Can.COUNTER) else "desk.account"


@desk.after_request
def note_presence(response: Response) -> Response:
    """Keep in mind when a session was last seen: by a GET only, whose own transaction holds
    nothing, and every few minutes only."""
    present, now = here(), utcnow()
    if request.method == "GET" and present and (
            now - present.seen_at > sessions.NOTED_EVERY):
        number = present.id
        db.session.rollback()
        with db.engine.begin() as connection:  # one statement: it may wait for its turn
            connection.execute(update(DeskSession).where(DeskSession.id == number)
                               .values(seen_at=now))
    return response


class OutsideLimits(Exception):
    """Somebody's roles would do, but not with this announcement."""


@desk.errorhandler(OutsideLimits)
def say_limits(_error: OutsideLimits) -> ResponseReturnValue:
    """Say why, and what to do."""
    return render_template("error.html", status=403, trouble=Trouble(
        _("Diese Meldung liegt außerhalb Ihrer Ortsteile oder Themen."),
        _("Bitten Sie jemanden darum, der es darf. Es wurde nichts geändert."))), 403


def allow(ability: Can, announcement: Announcement) -> None:
    """Refuse what somebody may not do with this announcement: it is not his, or lies outside
    the Ortsteile and topics he is limited to."""
    if not roles.may(current_user, ability, announcement):
        raise OutsideLimits


def note(action: str, object_: tuple[str, object], before: object = None,
         after: object = None) -> None:
    """Write what the person at the desk does into the trail, in the open transaction."""
    trail.record(db.session(), current_user._get_current_object(), action, object_, before, after)


@desk.context_processor
def words() -> dict[str, object]:
    """What the desk's templates say besides their own text."""
    return {**WORDS, "staff": current_user, "can": lambda ability: roles.can(
        current_user, Can(ability)), "may": lambda ability, announcement: roles.may(
        current_user, Can(ability), announcement)}


def page_number() -> int:
    """The page asked for; 1 for what is no number."""
    return request.values.get("seite", 1, type=int)


def wanted(number: int, ability: Can = Can.READ) -> Announcement:
    """The announcement with this number, or a page that says there is none, or that it lies
    outside what one is limited to. Whoever is going to change it holds its row, so that two
    editors come one after the other."""
    found = db.session.get(Announcement, number, with_for_update=request.method == "POST")
    if found is None:
        abort(404)
    allow(ability, found)
    return found


def outside_limits(whole_town: bool, topics: Collection[int], places: Collection[int]
                   ) -> dict[str, str]:
    """What somebody limited to Ortsteile or topics may not write for, by field of the form."""
    errors = {}
    own_places = {n.id: n.name for n in current_user.neighbourhoods}
    own_topics = {t.id: t.name for t in current_user.topics}
    if own_places and (whole_town or not set(places) <= set(own_places)):
        errors["where"] = _("Sie schreiben nur für %(names)s. Bitte wählen Sie nur diese "
                            "Ortsteile.", names=", ".join(own_places.values()))
    if own_topics and not set(topics) <= set(own_topics):
        errors["topics"] = _("Sie schreiben nur über %(names)s. Bitte wählen Sie nur diese "
                             "Themen.", names=", ".join(own_topics.values()))
    return errors
