"""The operator's texts at the desk: imprint, privacy notice, accessibility statement, each
with its earlier versions."""

from __future__ import annotations

from flask import abort, flash, redirect, render_template, request, url_for
from flask_security import current_user
from sqlalchemy import select
from werkzeug.datastructures import MultiDict
from werkzeug.wrappers import Response

from channels.base import direction_of
from civic_push.db import db, utcnow
from civic_push.legal import texts
from civic_push.legal.models import LegalText
from civic_push.staff.models import Staff
from civic_push.staff.roles import Can
from civic_push.web import legal
from civic_push.web.desk.frame import desk, needs, note
from civic_push.web.forms import Typed
from civic_push.web.language import CHOICES, PLAIN, _

_PAGE = "/texte/<any(imprint, privacy, accessibility):name>/<wording>"


@desk.get("/texte")
@needs(Can.ADMINISTER)
def legal_texts() -> str:
    """Every text in every wording: whose it is, and since when."""
    held = {(name, wording): texts.exact(db.session(), name, wording)
            for name in texts.REQUIRED for wording in CHOICES}
    return render_template("desk/texts.html", held=held, titles=legal.titles(), wordings=CHOICES)


@desk.get(_PAGE)
@needs(Can.ADMINISTER)
def legal_text(name: str, wording: str) -> str:
    """One text to be changed; `?fassung=17` brings an earlier version into the form."""
    held = texts.exact(db.session(), name, _known(wording))
    body = _version(name, wording).body if "fassung" in request.args else held.body
    return _show(name, wording, Typed(MultiDict([("text", body)])))


@desk.post(_PAGE)
@needs(Can.ADMINISTER)
def save_legal_text(name: str, wording: str) -> Response | str | tuple[str, int]:
    """Show a preview, bring back the model, or add a version."""
    typed = Typed(request.form)
    before = texts.exact(db.session(), name, _known(wording))
    if typed.text("was") == "muster":
        return _keep(name, wording, "", before)
    body = typed.text("text").replace("\r\n", "\n")
    if trouble := _trouble(name, body):
        typed.errors["text"] = trouble
        return _show(name, wording, typed), 422
    if typed.text("was") == "vorschau":
        return _show(name, wording, typed, preview=legal.html(body))
    if body == before.body:
        flash(_("Es gab nichts zu speichern: Der Text ist derselbe."))
        return redirect(url_for("desk.legal_text", name=name, wording=wording), 303)
    return _keep(name, wording, body, before)


def _keep(name: str, wording: str, body: str, before: texts.Text) -> Response:
    version = texts.write(db.session(), name, wording, body, current_user.id, utcnow())
    note("text.write", ("legal_text", f"{name}/{wording}"),
         {"since": before.written_at}, {"version": version.id, "model": not body})
    db.session.commit()
    flash(_("Gespeichert. So steht es jetzt auf der Seite.") if body
          else _("Jetzt gilt wieder der Mustertext."), "success")
    return redirect(url_for("desk.legal_text", name=name, wording=wording), 303)


def _trouble(name: str, body: str) -> str:
    """What keeps this text from being shown; "" if nothing."""
    if not body:
        return _("Der Text fehlt. Soll wieder der Mustertext gelten, nehmen Sie den Knopf dafür.")
    if len(body) > texts.LONGEST:
        return _("Das ist zu lang. Kürzen Sie es bitte auf höchstens %(most)s Zeichen.",
                 most=texts.LONGEST)
    if unknown := texts.unknown(body):
        return _("Den Platzhalter %(names)s gibt es nicht. Ein einzelnes Dollarzeichen "
                 "schreiben Sie $$.", names=", ".join(unknown))
    if missing := texts.missing(name, body):
        return _("Es fehlt der Platzhalter %(names)s. Was dafür eingesetzt wird, muss in diesem "
                 "Text stehen.", names=", ".join(missing))
    return ""


def _show(name: str, wording: str, typed: Typed, preview: str = "") -> str:
    return render_template(
        "desk/text.html", name=name, wording=wording, typed=typed, preview=preview,
        title=legal.titles()[name], words=CHOICES[wording], required=texts.REQUIRED[name],
        held=texts.exact(db.session(), name, wording), placeholders=texts.PLACEHOLDERS,
        text_direction=direction_of("de" if wording == PLAIN else wording),
        versions=texts.versions(db.session(), name, wording), authors=_authors())


def _authors() -> dict[int, str]:
    return {row.id: row.email for row in db.session.execute(select(Staff.id, Staff.email))}


def _known(wording: str) -> str:
    if wording not in CHOICES:
        abort(404)
    return wording


def _version(name: str, wording: str) -> LegalText:
    number = request.args.get("fassung", 0, type=int)
    found = next((v for v in texts.versions(db.session(), name, wording) if v.id == number), None)
    if found is None:
        abort(404)
    return found
