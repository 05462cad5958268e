"""Ortsteile: their names, what else they are called, and the streets in them."""

from __future__ import annotations

import re

from flask import abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import func, select
from sqlalchemy.orm import Session
from werkzeug.datastructures import MultiDict

from civic_push.db import db
from civic_push.staff.roles import Can
from civic_push.web.desk.frame import desk, needs, note
from civic_push.web.desk.words import _
from civic_push.web.forms import Typed
from subscriptions import streets
from subscriptions.models import Neighbourhood, Street

_NUMBER = "<int(max=999999999):number>"
_LONGEST = 120  # letters of a name
_MOST_ALIASES = 2000  # letters, all together


@desk.get("/ortsteile")
@needs(Can.ADMINISTER)
def places() -> str:
    """All Ortsteile with their aliases, and how many streets are known."""
    session = db.session()
    return render_template(
        "desk/admin_places.html", places=_all(session), names=streets.names,
        streets=session.scalar(select(func.count()).select_from(Street)))


@desk.get(f"/ortsteile/{_NUMBER}")
@needs(Can.ADMINISTER)
def place(number: int) -> str:
    """One Ortsteil."""
    found = _wanted(number)
    return _show(found, Typed(MultiDict([
        ("name", found.name), ("namen", found.aliases.replace("|", "\n"))])))


@desk.post(f"/ortsteile/{_NUMBER}")
@needs(Can.ADMINISTER)
def change_place(number: int) -> ResponseReturnValue:
    """Rename it or change its aliases; its address stays, as posters and codes name it."""
    found, typed = _wanted(number), Typed(request.form)
    name = typed.text("name")
    aliases = [word for line in re.split(r"[\n|]", typed.text("namen")) if (word := line.strip())]
    _check(db.session(), found, typed, name, aliases)
    if typed.errors:
        return _show(found, typed), 422
    before = _told(found)
    found.name, found.aliases = name, "|".join(dict.fromkeys(aliases))
    note("place.changed", ("neighbourhood", number), before, _told(found))
    db.session.commit()
    flash(_("Gespeichert. Neue Meldungen aus Quellen werden schon danach zugeordnet."), "success")
    return redirect(url_for("desk.place", number=number), 303)


@desk.get("/strassen")
@needs(Can.ADMINISTER)
def street_list() -> str:
    """How many streets are known, and the form that replaces the list."""
    return _street_page(Typed())


@desk.post("/strassen")
@needs(Can.ADMINISTER)
def load_streets() -> ResponseReturnValue:
    """Look through an uploaded list, or replace the streets by it: all of it or nothing."""
    typed, session = Typed(request.form), db.session()
    text = _uploaded(typed)
    rows, troubles = streets.read(session, text) if not typed.errors else ([], [])
    if troubles:
        typed.errors["datei"] = _("In der Liste sind Zeilen, die so nicht gehen. Es wurde nichts "
                                  "geändert.")
    elif not rows and not typed.errors:
        typed.errors["datei"] = _("In der Datei steht keine Straße. Schreiben Sie in jede Zeile "
                                  "eine: Lange Straße;Hiddesen")
    if typed.errors:
        return _street_page(typed, troubles), 422
    before = session.scalar(select(func.count()).select_from(Street))
    streets.replace(session, rows)
    note("streets.loaded", ("streets", None), {"rows": before}, {"rows": len(rows)})
    session.commit()
    flash(_("Die Liste hat jetzt %(count)s Zeilen.", count=len(rows)), "success")
    return redirect(url_for("desk.street_list"), 303)


def _check(session: Session, place: Neighbourhood, typed: Typed, name: str,
           aliases: list[str]) -> None:
    if not streets.folded(name):
        typed.errors["name"] = _("Schreiben Sie, wie der Ortsteil heißt.")
    elif len(name) > _LONGEST:
        typed.errors["name"] = _("Das ist zu lang. Kürzen Sie es bitte auf höchstens %(most)s "
                                 "Zeichen.", most=_LONGEST)
    elif owner := _owner(session, name, place):
        typed.errors["name"] = _("So heißt schon ein anderer Ortsteil: %(name)s.", name=owner)
    for alias in aliases:
        if not streets.folded(alias):
            typed.errors["namen"] = _("„%(alias)s“ ist kein Name. Nehmen Sie die Zeile heraus.",
                                      alias=alias)
        elif owner := _owner(session, alias, place):
            typed.errors["namen"] = _("„%(alias)s“ gehört schon zu %(name)s. Nehmen Sie es zuerst "
                                      "dort heraus.", alias=alias, name=owner)
    if len("|".join(aliases)) > _MOST_ALIASES:
        typed.errors["namen"] = _("Das sind zu viele Namen. Lassen Sie die seltenen weg.")


def _owner(session: Session, name: str, but: Neighbourhood) -> str:
    """The other Ortsteil that is called so already; "" if none."""
    key = streets.folded(name)
    return next((one.name for one in _all(session) if one is not but
                 and key in map(streets.folded, (*streets.names(one), one.slug))), "")


def _uploaded(typed: Typed) -> str:
    file = request.files.get("datei")
    if file is None or not file.filename:
        typed.errors["datei"] = _("Wählen Sie eine Datei aus.")
        return ""
    try:
        return str(file.read(), "utf-8-sig")
    except UnicodeDecodeError:
        typed.errors["datei"] = _("Die Datei ist nicht in UTF-8 gespeichert. Wählen Sie beim "
                                  "Speichern „CSV UTF-8“.")
        return ""


def _told(place: Neighbourhood) -> dict[str, object]:
    return {"name": place.name, "aliases": place.aliases}


def _all(session: Session) -> list[Neighbourhood]:
    return list(session.scalars(select(Neighbourhood).order_by(Neighbourhood.name)))


def _wanted(number: int) -> Neighbourhood:
    found = db.session.get(Neighbourhood, number, with_for_update=request.method == "POST")
    if found is None:
        abort(404)
    return found


def _show(place: Neighbourhood, typed: Typed) -> str:
    count = db.session.scalar(select(func.count()).select_from(Street).where(
        Street.neighbourhood_id == place.id))
    return render_template("desk/admin_place.html", place=place, typed=typed, streets=count)


def _street_page(typed: Typed, troubles: list[streets.BadLine] | None = None) -> str:
    count = db.session.scalar(select(func.count()).select_from(Street))
    return render_template("desk/admin_streets.html", typed=typed, count=count,
                           troubles=troubles or [])
