"""Templates for recurring texts: choosing one and filling in its fields; for administrators,
adding, changing and removing them."""

from __future__ import annotations

from dataclasses import asdict

from flask import abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import func, select

from civic_push.announcements import templates
from civic_push.announcements.writing_models import AnnouncementTemplate
from civic_push.db import db
from civic_push.staff.roles import Can
from civic_push.web.desk.frame import ID, desk, needs, note
from civic_push.web.desk.words import _
from civic_push.web.desk.writing import filling, rules
from civic_push.web.desk.writing.write import Original
from civic_push.web.desk.writing.written import LENGTHS, Written, clean, read, stored, typed
from civic_push.web.forms import Typed, topics_on_offer

_NAME = 120  # characters, as the column
_VALUE = 200  # characters for one field


@desk.get("/vorlagen")
@needs(Can.WRITE)
def choose_template() -> str:
    """What one can begin with."""
    return render_template("desk/templates.html", templates=templates.known(db.session()))


@desk.get(f"/vorlagen/{ID}")
@needs(Can.WRITE)
def template_fields(number: int) -> ResponseReturnValue:
    """A template's fields; one without any is the write form itself."""
    template = _template(number)
    if not templates.asked_for(template.content):
        return filling.show(Original(), stored(template.content))
    return _show_fields(template, Typed())


@desk.post(f"/vorlagen/{ID}")
@needs(Can.WRITE)
def fill_template(number: int) -> ResponseReturnValue:
    """The write form with the template's words, its fields filled in; nothing is stored."""
    template, sent = _template(number), Typed(request.form)
    values = {}
    for at, name in enumerate(templates.asked_for(template.content), start=1):
        values[name] = clean(sent.text(f"feld-{at}"))
        if not values[name]:
            sent.errors[f"feld-{at}"] = _("Bitte füllen Sie aus: %(name)s.", name=name)
        elif len(values[name]) > _VALUE:
            sent.errors[f"feld-{at}"] = _("%(name)s: höchstens %(most)s Zeichen.", name=name,
                                          most=_VALUE)
    if sent.errors:
        return _show_fields(template, sent), 422
    return filling.show(Original(), stored(templates.fill_all(template.content, values)))


@desk.get("/verwaltung/vorlagen")
@needs(Can.ADMINISTER)
def manage_templates() -> str:
    """All templates, to be changed."""
    return render_template("desk/templates.html", templates=templates.known(db.session()),
                           manage=True)


@desk.get("/verwaltung/vorlagen/neu")
@needs(Can.ADMINISTER)
def new_template() -> str:
    """An empty template."""
    return _show(None, "", Written())


@desk.post("/verwaltung/vorlagen/neu")
@needs(Can.ADMINISTER)
def add_template() -> ResponseReturnValue:
    """Add a template."""
    return _save(None)


@desk.get(f"/verwaltung/vorlagen/{ID}")
@needs(Can.ADMINISTER)
def edit_template(number: int) -> str:
    """A template to be changed."""
    template = _template(number)
    return _show(template, template.name, stored(template.content))


@desk.post(f"/verwaltung/vorlagen/{ID}")
@needs(Can.ADMINISTER)
def save_template(number: int) -> ResponseReturnValue:
    """Change a template; texts that began with it stay as they are."""
    return _save(_template(number))


@desk.post(f"/verwaltung/vorlagen/{ID}/loeschen")
@needs(Can.ADMINISTER)
def remove_template(number: int) -> ResponseReturnValue:
    """Remove a template."""
    template = _template(number)
    note("template.removed", ("announcement_template", number), _told(template))
    db.session.delete(template)
    db.session.commit()
    flash(_("Die Vorlage „%(name)s“ ist gelöscht.", name=template.name), "success")
    return redirect(url_for("desk.manage_templates"), 303)


def _save(template: AnnouncementTemplate | None) -> ResponseReturnValue:
    written, name = read(request.form), clean(request.form.get("name", ""))
    errors = _errors(written, name, template.id if template else 0)
    if errors:
        return _show(template, name, written, errors), 422
    before = _told(template) if template else None
    if template is None:
        template = AnnouncementTemplate()
        db.session.add(template)
    template.name = name
    template.content = {field: value for field, value in asdict(written).items() if value}
    db.session.flush()
    note("template.saved", ("announcement_template", template.id), before, _told(template))
    db.session.commit()
    flash(_("Die Vorlage ist gespeichert."), "success")
    return redirect(url_for("desk.manage_templates"), 303)


def _errors(written: Written, name: str, number: int) -> dict[str, str]:
    errors = rules.texts(written)
    if not name:
        errors["name"] = _("Bitte geben Sie der Vorlage einen Namen.")
    elif len(name) > _NAME:
        errors["name"] = _("Bitte kürzen Sie: höchstens %(most)s Zeichen.", most=_NAME)
    elif db.session.scalar(select(AnnouncementTemplate.id).where(
            func.lower(AnnouncementTemplate.name) == name.lower(),
            AnnouncementTemplate.id != number)):
        errors["name"] = _("Eine Vorlage mit diesem Namen gibt es schon. Bitte wählen Sie einen "
                           "anderen.")
    if not written.title:
        errors.setdefault("title", _("Bitte geben Sie einen Titel ein."))
    if sentence := rules.plain(written):
        errors.setdefault("plain_body", sentence)
    if sentence := rules.urgency(written):
        errors["urgency"] = sentence
    return errors


def _show(template: AnnouncementTemplate | None, name: str, written: Written,
          errors: dict[str, str] | None = None) -> str:
    shown = typed(written, errors or {})
    shown.values["name"] = name
    if errors and "name" in errors:
        shown.errors = {"name": errors["name"], **shown.errors}
    return render_template(
        "desk/template.html", template=template, typed=shown, limits=LENGTHS,
        topics=topics_on_offer(db.session(), written.topics))


def _show_fields(template: AnnouncementTemplate, sent: Typed) -> str:
    return render_template("desk/template_fields.html", template=template, typed=sent,
                           fields=templates.asked_for(template.content), most=_VALUE)


def _told(template: AnnouncementTemplate) -> dict[str, object]:
    return {"title": template.name, "seal": stored(template.content).seal}


def _template(number: int) -> AnnouncementTemplate:
    found = db.session.get(AnnouncementTemplate, number) if number < 2**31 else None
    if found is None:
        abort(404)
    return found
