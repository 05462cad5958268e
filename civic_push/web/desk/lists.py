"""The lists: drafts, what waits for approval or its time, what is on its way, out, withdrawn
or dismissed; searched and filtered."""

from __future__ import annotations

from flask import render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import lazy_gettext
from flask_security import current_user
from sqlalchemy import select

from civic_push.announcements import listing
from civic_push.announcements.listing import Search, Where
from civic_push.db import db, utcnow
from civic_push.staff import accounts
from civic_push.staff.roles import Can
from civic_push.web.choosing import read_span
from civic_push.web.desk.frame import desk, needs
from civic_push.web.forms import Typed
from subscriptions.models import Neighbourhood, Topic

LISTS = {
    "entwuerfe": (Where.DRAFT, lazy_gettext("Entwürfe")),
    "freigabe": (Where.SUBMITTED, lazy_gettext("Warten auf Freigabe")),
    "geplant": (Where.SCHEDULED, lazy_gettext("Eingeplant")),
    "unterwegs": (Where.SENDING, lazy_gettext("Unterwegs")),
    "veroeffentlicht": (Where.PUBLISHED, lazy_gettext("Veröffentlicht")),
    "zurueckgezogen": (Where.WITHDRAWN, lazy_gettext("Zurückgezogen")),
    "verworfen": (Where.DISMISSED, lazy_gettext("Verworfen")),
}
"""The lists by their part of the address."""


@desk.get(f"/meldungen/<any({', '.join(LISTS)}):which>")
@needs(Can.READ)
def announcements(which: str) -> ResponseReturnValue:
    """One list, a page of it."""
    session, typed = db.session(), Typed(request.args)
    search = _search(typed, LISTS[which][0])
    found = listing.Found(()) if typed.errors else listing.find(
        session, search, utcnow(), after=_number("nach"), before=_number("vor"))
    counts = {state.value: count for state, count in listing.counts(session).items()}
    kept = {name: value for name, value in request.args.items()
            if name not in ("nach", "vor") and value.strip()}
    people = accounts.everybody(session)
    return render_template(
        "desk/list.html", which=which, lists=LISTS, found=found, typed=typed, kept=kept,
        counts={name: counts.get(where.value) for name, (where, _words) in LISTS.items()},
        places=session.scalars(select(Neighbourhood).order_by(Neighbourhood.name)).all(),
        topics_there=session.scalars(select(Topic).order_by(Topic.position, Topic.name)).all(),
        people=people, names={person.id: person.email for person in people},
    ), 422 if typed.errors else 200


def _search(typed: Typed, where: Where) -> Search:
    """What is looked for; a number that nothing has finds nothing."""
    since, until = read_span(typed)
    whose = typed.text("wessen")
    author = current_user.id if whose == "meine" else _number("von_wem")
    decider = current_user._get_current_object() if whose == "fuer-mich" else None
    return Search(where, words=typed.text("suche"), place=_number("ortsteil"),
                  topic=_number("thema"), author=author, since=since, until=until,
                  decider=decider)


def _number(name: str) -> int | None:
    """A number in the address; None where it is none."""
    text = request.args.get(name, "").strip()
    # more digits would not fit the database's integers
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else None
