"""What all pages of the desk share: who may come in, and how an announcement is found."""

from __future__ import annotations

from flask import Blueprint, abort, render_template, request
from flask.typing import ResponseReturnValue
from flask_security import auth_required, current_user, roles_accepted

from civic_push.announcements.models import Announcement
from civic_push.db import db
from civic_push.web.desk_words import WORDS
from civic_push.web.protection import keep_private

desk = Blueprint("desk", __name__, url_prefix="/redaktion")
desk.after_request(keep_private)

ID = "<int(max=999999999999):number>"  # longer numbers would not fit the database's integers


_WRITING = ("desk.save_new", "desk.save")


@desk.before_request
def give_back_text() -> ResponseReturnValue | None:
    """A session that ended in the middle of writing costs nobody his text: it comes back on
    a page that sends it again, once he has signed in."""
    if current_user.is_authenticated or request.endpoint not in _WRITING:
        return None
    if request.method != "POST" or not request.form:
        return None
    fields = [pair for pair in request.form.items(multi=True) if pair[0] != "csrf_token"]
    return render_template("desk/signed_out.html", fields=fields), 401


@desk.before_request
@auth_required("session")
@roles_accepted("editor", "admin")
def only_staff() -> None:
    """Send strangers to the sign-in page."""


@desk.context_processor
def words() -> dict[str, object]:
    """What the desk's templates say besides their own text."""
    return {**WORDS, "staff": current_user}


def page_number() -> int:
    """The page asked for; 1 for what is no number."""
    return request.values.get("seite", 1, type=int)


def wanted(number: int) -> Announcement:
    """The announcement with this number, or a page that says there is none. Whoever is
    going to change it holds its row, so that two editors come one after the other."""
    found = db.session.get(Announcement, number, with_for_update=request.method == "POST")
    if found is None:
        abort(404)
    return found
