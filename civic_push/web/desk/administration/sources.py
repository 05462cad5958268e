"""What is read elsewhere: adding with a dry run, changing, checking, pausing, ending."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from flask import abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_security import current_user
from sqlalchemy import select

from civic_push.db import db, utcnow
from civic_push.intake import wording
from civic_push.intake.adding import AlreadyThere, DryRun, OwnPages, add, look
from civic_push.intake.checking import Checked, check
from civic_push.intake.models import Item, Source
from civic_push.intake.rules import Fate
from civic_push.staff.roles import Can
from civic_push.web.desk.administration import source_forms as forms
from civic_push.web.desk.frame import desk, needs, note
from civic_push.web.desk.words import _
from civic_push.web.forms import Typed, topics_on_offer
from civic_push.web.protection import limiter
from content_sources.entry import Unreadable
from content_sources.fetch import FetchError
from subscriptions.models import Neighbourhood

_NUMBER = "<int(max=999999999):number>"
_SHOWN = 10  # items on a source's page
_reading = limiter.shared_limit("20 per minute", scope="sources",
                                key_func=lambda: f"sources {current_user.id}")


@desk.get("/quellen")
@needs(Can.ADMINISTER)
def sources() -> str:
    """All sources, and how they fare."""
    found = db.session.scalars(select(Source).order_by(Source.name, Source.id)).all()
    return render_template("desk/admin_sources.html", sources=found, now=utcnow())


@desk.get("/quellen/neu")
@needs(Can.ADMINISTER)
def new_source() -> str:
    """An empty form; `?adresse=` fills the address in."""
    return _form(forms.fresh(request.args.get("adresse", "")))


@desk.post("/quellen/neu")
@needs(Can.ADMINISTER)
@_reading
def add_source() -> ResponseReturnValue:
    """Show what would come, or keep the source; its present content is told nobody."""
    typed = Typed(request.form)
    new = forms.read(db.session(), typed)
    try:
        if not typed.errors and typed.text("was") == "anlegen":
            source, count = add(db.session(), new, utcnow())
            return _added(source, count)
        if not typed.errors:
            return _form(typed, look(db.session(), new, utcnow()))
    except AlreadyThere as error:
        typed.errors["adresse"] = _("Diese Adresse wird schon gelesen, als „%(name)s“.",
                                    name=error.source.name)
    except OwnPages:
        typed.errors["adresse"] = _("Das ist unsere eigene Seite: Ihre Meldungen kämen immer "
                                    "wieder. Nehmen Sie die Adresse einer anderen Stelle.")
    except (FetchError, Unreadable) as error:
        typed.errors["adresse"] = forms.trouble(error)
    return _form(typed), 422


@desk.get(f"/quellen/{_NUMBER}")
@needs(Can.ADMINISTER)
def source(number: int) -> str:
    """One source: how it fares, what it brought last, and its settings."""
    found = _wanted(number)
    return _show(found, forms.shown(found))


@desk.post(f"/quellen/{_NUMBER}")
@needs(Can.ADMINISTER)
def change_source(number: int) -> ResponseReturnValue:
    """Change everything but the address."""
    found, typed = _wanted(number), Typed(request.form)
    before, new = forms.told(found), forms.read(db.session(), typed, found)
    if typed.errors:
        return _show(found, typed), 422
    forms.change(found, new)
    return _done(found, "source.changed", _("Gespeichert."), before, forms.told(found))


@desk.post(f"/quellen/{_NUMBER}/lesen")
@needs(Can.ADMINISTER)
@_reading
def check_source(number: int) -> ResponseReturnValue:
    """Read it now, whatever the clock says; what is new goes its usual way."""
    if not _wanted(number).active:
        flash(_("Die Quelle pausiert. Setzen Sie sie fort, dann wird sie gelesen."), "warning")
        return redirect(url_for("desk.source", number=number), 303)
    checked = check(db.session(), number, utcnow())
    found = _wanted(number)
    said = _said(checked)
    failed = checked is None or checked.error is not None
    return _done(found, "source.checked", said, kind="warning" if failed else "success")


@desk.post(f"/quellen/{_NUMBER}/pausieren")
@needs(Can.ADMINISTER)
def pause_source(number: int) -> ResponseReturnValue:
    """Stop reading until somebody goes on with it."""
    found = _wanted(number)
    found.active = False
    return _done(found, "source.paused", _("Die Quelle pausiert."))


@desk.post(f"/quellen/{_NUMBER}/fortsetzen")
@needs(Can.ADMINISTER)
def resume_source(number: int) -> ResponseReturnValue:
    """Go on reading, within a minute."""
    found = _wanted(number)
    found.active = True
    found.next_check_at, found.errors, found.last_error = utcnow(), 0, ""
    return _done(found, "source.resumed", _("Die Quelle wird gleich wieder gelesen."))


@desk.post(f"/quellen/{_NUMBER}/beenden")
@needs(Can.ADMINISTER)
def end_source(number: int) -> ResponseReturnValue:
    """Forget a source and which of its items were known; its announcements stay."""
    found = _wanted(number)
    note("source.ended", ("source", number), forms.told(found))
    flash(_("„%(name)s“ wird nicht mehr gelesen.", name=found.name), "success")
    db.session.delete(found)
    db.session.commit()
    return redirect(url_for("desk.sources"), 303)


def _added(source: Source, count: int) -> ResponseReturnValue:
    return _done(source, "source.added", _(
        "Angelegt. Die %(count)s Einträge von heute gelten als bekannt; gemeldet wird, was neu "
        "dazukommt.", count=count), None, forms.told(source))


def _said(checked: Checked | None) -> str:
    """What came of reading now, in a sentence."""
    if checked is None:
        return _("Die Quelle gibt es nicht mehr.")
    if checked.error is not None:
        return _(wording.sentence(checked.error))
    stored = checked.stored
    if not stored.new and not stored.waiting and not checked.published:
        return _("Gelesen. Es gibt nichts Neues.")
    return _("Gelesen: %(new)s neu, davon %(tray)s im Eingang und %(out)s veröffentlicht.",
             new=stored.new, tray=stored.waiting, out=checked.published)


def _done(source: Source, action: str, sentence: str, before: object = None,
          after: object = None, kind: str = "success") -> ResponseReturnValue:
    number = source.id
    note(action, ("source", number), before, after)
    db.session.commit()
    flash(sentence, kind)
    return redirect(url_for("desk.source", number=number), 303)


def _wanted(number: int) -> Source:
    found = db.session.get(Source, number, with_for_update=request.method == "POST",
                           populate_existing=True)
    if found is None:
        abort(404)
    return found


def _form(typed: Typed, dry_run: DryRun | None = None) -> str:
    return render_template("desk/admin_source_new.html", typed=typed, dry_run=dry_run,
                           fates=Fate, **_choices())


def _show(source: Source, typed: Typed) -> str:
    items = db.session.scalars(select(Item).where(Item.source_id == source.id)
                               .order_by(Item.id.desc()).limit(_SHOWN)).all()
    return render_template("desk/admin_source.html", source=source, typed=typed, items=items,
                           **_choices([t.id for t in source.topics]))


def _choices(kept: Collection[int] = ()) -> dict[str, Any]:
    places = db.session.scalars(select(Neighbourhood).order_by(Neighbourhood.name)).all()
    return {"topics": topics_on_offer(db.session(), kept),
            "places": places, "place_names": {place.id: place.name for place in places}}
