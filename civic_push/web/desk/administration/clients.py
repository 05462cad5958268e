"""Administrators: which programs may speak to the API, as what, and until when."""

from __future__ import annotations

from datetime import datetime, timedelta

from flask import abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import lazy_gettext
from flask_security import current_user
from sqlalchemy import select

from civic_push.db import db, utcnow
from civic_push.integrations import clients
from civic_push.integrations.clients import Scope
from civic_push.integrations.models import Client
from civic_push.staff.roles import Can
from civic_push.web.desk.frame import desk, needs, note
from civic_push.web.desk.words import _
from civic_push.web.forms import Typed
from civic_push.web.protection import limiter
from subscriptions.models import Neighbourhood, Topic

_NUMBER = "<int(max=999999999):number>"
SCOPE_WORDS = {
    Scope.READ: (lazy_gettext("Lesen"), lazy_gettext(
        "Auch Entwürfe und wie weit die Zustellung ist. Was veröffentlicht ist, darf jeder "
        "lesen.")),
    Scope.WRITE: (lazy_gettext("Schreiben"), lazy_gettext(
        "Entwürfe anlegen, ändern und zur Freigabe einreichen.")),
    Scope.PUBLISH: (lazy_gettext("Veröffentlichen"), lazy_gettext(
        "Ohne dass jemand darauf schaut. Was eine zweite Person braucht, muss auch das Programm "
        "einreichen.")),
    Scope.SOURCES: (lazy_gettext("Quellen"), lazy_gettext("Quellen anlegen und prüfen.")),
}
LIVES = {"90": lazy_gettext("90 Tage"), "365": lazy_gettext("ein Jahr"),
         "730": lazy_gettext("zwei Jahre"), "": lazy_gettext("ohne Ende")}
"""For how many days a token may be given."""
AS_BEFORE = "wie-bisher"  # a renewed token holds as long as the old one would have


@desk.get("/programme")
@needs(Can.ADMINISTER)
def clients_list() -> str:
    """All programs, and a form for another."""
    return _page(Typed())


@desk.post("/programme")
@needs(Can.ADMINISTER)
@limiter.limit("60 per hour", key_func=lambda: f"clients {current_user.id}")
def add_client() -> ResponseReturnValue:
    """Make a program and show its token, once."""
    typed, now = Typed(request.form), utcnow()
    days = typed.text("life")
    if days not in LIVES:
        typed.errors["life"] = _("Bitte wählen Sie, wie lange das Token gilt.")
        return _page(typed), 422
    try:
        made, token = clients.make(
            db.session(), typed.text("name"),
            [s for s in Scope if typed.ticked("scopes", s.value)], now,
            topics=_ids(typed, "topics", Topic), neighbourhoods=_ids(
                typed, "places", Neighbourhood),
            expires_at=_end(days, now))
    except clients.BadClient as error:
        db.session.rollback()
        field, sentence = _wrong(error)
        typed.errors[field] = sentence
        return _page(typed), 422
    return _shown("client.added", made, token)


@desk.post(f"/programme/{_NUMBER}/erneuern")
@needs(Can.ADMINISTER)
def renew_client(number: int) -> ResponseReturnValue:
    """Give a new token; the old one ends at once. `life-<number>` says how long it holds."""
    found, now = _wanted(number), utcnow()
    days = request.form.get(f"life-{number}", AS_BEFORE)
    if days == AS_BEFORE and clients.is_alive(found, now):
        return _shown("client.renewed", found, clients.renew(found, found.expires_at))
    if days not in LIVES:
        flash(_("Bitte wählen Sie, wie lange das Token gilt."), "warning")
        return redirect(url_for("desk.clients_list"), 303)
    return _shown("client.renewed", found, clients.renew(found, _end(days, now)))


def _end(days: str, now: datetime) -> datetime | None:
    return now + timedelta(days=int(days)) if days else None


@desk.post(f"/programme/{_NUMBER}/sperren")
@needs(Can.ADMINISTER)
def revoke_client(number: int) -> ResponseReturnValue:
    """End a program's access for ever."""
    found = _wanted(number)
    clients.revoke(found, utcnow())
    note("client.revoked", ("client", number), after=clients.told(found))
    db.session.commit()
    flash(_("Das Token gilt nicht mehr."), "success")
    return redirect(url_for("desk.clients_list"))


def _wanted(number: int) -> Client:
    found = clients.by_number(db.session(), number)
    if found is None or found.name == clients.HOST or found.revoked_at is not None:
        abort(404)
    return found


def _wrong(error: clients.BadClient) -> tuple[str, str]:
    if error.code == "taken":
        return "name", _("Diesen Namen hat schon ein anderes Programm.")
    if error.code == "name":
        return "name", _("Bitte geben Sie einen Namen mit höchstens %(most)s Zeichen ein.",
                         most=clients.LONGEST_NAME)
    return "scopes", _("Bitte wählen Sie, was das Programm darf.")


def _ids(typed: Typed, name: str, kind: type[Topic] | type[Neighbourhood]) -> list[int]:
    return [i for i in db.session.scalars(select(kind.id)) if typed.ticked(name, str(i))]


def _shown(action: str, client: Client, token: str) -> ResponseReturnValue:
    db.session.flush()
    note(action, ("client", client.id), after=clients.told(client))
    db.session.commit()
    return render_template("desk/secret.html", secret=token, name=client.name,
                           back=url_for("desk.clients_list"))


def _page(typed: Typed) -> str:
    session = db.session()
    return render_template(
        "desk/clients.html", typed=typed, clients=clients.everyone(session),
        alive=lambda client: clients.is_alive(client, utcnow()), scope_words=SCOPE_WORDS,
        lives=LIVES, as_before=AS_BEFORE, scopes_of=clients.scopes_of,
        topics=session.scalars(select(Topic).order_by(Topic.position, Topic.name)).all(),
        places=session.scalars(select(Neighbourhood).order_by(Neighbourhood.name)).all())
