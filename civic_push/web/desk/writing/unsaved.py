"""What is being typed is kept every few seconds, and offered again after a lost connection, a
closed tab or an empty battery."""

from __future__ import annotations

import re
import secrets
from dataclasses import asdict

from flask import flash, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_security import current_user
from sqlalchemy.exc import IntegrityError

from civic_push.announcements import unsaved, versions
from civic_push.announcements.models import AnnouncementKind
from civic_push.announcements.writing_models import UnsavedText
from civic_push.db import db, utcnow
from civic_push.staff.roles import Can
from civic_push.web.desk.frame import desk, needs
from civic_push.web.desk.words import DEEDS, _
from civic_push.web.desk.writing.sheets import Sheet
from civic_push.web.desk.writing.written import BODY_LENGTH
from civic_push.web.language import moment

_KEY = re.compile(r"[0-9a-f]{32}")


def form_key() -> str:
    """The key of the form that was sent, or of a new one."""
    sent = request.form.get("form", "")
    return sent if _KEY.fullmatch(sent) else secrets.token_hex(16)


def offered(sheet: Sheet, key: str) -> list[tuple[UnsavedText, str]]:
    """What the reader has begun here and not saved, with what it is called: its title, or in a
    follow-up, where all have the same, what is different; not the form `key`."""
    return [(text, str(text.content.get("change") or text.content.get("title")
                       or _("ohne Titel")))
            for text in _own(sheet) if text.key != key]


def asked_for(sheet: Sheet) -> UnsavedText | None:
    """The one that `?entwurf=…` wants to go on with."""
    asked = request.args.get("entwurf", "")
    return next((text for text in _own(sheet) if text.key == asked), None)


@desk.get("/gespeichert")
@needs(Can.WRITE)
def was_saved() -> ResponseReturnValue:
    """Whether a form, `?form=…`, has made or changed a draft, for scripts."""
    made = versions.made_by(db.session(), request.args.get("form", ""), current_user.id)
    return {"saved": made is not None}


@desk.post("/zwischenstand/<key>/verwerfen")
@needs(Can.WRITE)
def forget_text(key: str) -> ResponseReturnValue:
    """Drop what was kept."""
    text = unsaved.forget(db.session(), current_user.id, key)
    db.session.commit()
    if text is None:
        return redirect(url_for("desk.overview"))
    flash(_("Der angefangene Text ist verworfen."), "success")
    return redirect(_page_of(text))


def _page_of(text: unsaved.Forgotten) -> str:
    """The form that a text was typed into."""
    if text.announcement_id is None:
        return url_for("desk.new")
    kind = text.content.get("kind", AnnouncementKind.ORIGINAL)
    for deed, made in DEEDS.items():  # where there is a draft already, that leads to it
        if made == kind:
            return url_for("desk.follow", number=text.announcement_id, deed=deed)
    return url_for("desk.edit", number=text.announcement_id)


def keep(sheet: Sheet) -> ResponseReturnValue:
    """Keep what is typed into a form; a draft stays as it is."""
    written, now, key = sheet.read(request.form), utcnow(), form_key()
    if any(len(text) > 2 * BODY_LENGTH for text in written.texts().values()):
        return {"problem": _("Der Text ist zu lang, um ihn zwischendurch zu sichern.")}, 413
    seal = request.form.get("seal", "")[:16]
    try:
        # what was on its way while the form was saved comes late, and would be offered again
        late = versions.made_by(db.session(), key, current_user.id) is not None
        kept = not late and unsaved.keep(
            db.session(), key, current_user.id, sheet.homes[0], seal,
            asdict(written) | {"kind": sheet.kind}, now)
        news = _news(sheet, seal)
        db.session.commit()
    except IntegrityError:  # the same form, sent twice at once
        db.session.rollback()
        kept, news = False, ""
    if not kept:
        return {"problem": _("Nicht gesichert. Bitte speichern Sie den Entwurf.")}, 409
    return {"kept": _("Gesichert um %(time)s.", time=moment(now, "time")), "news": news}


def _own(sheet: Sheet) -> list[UnsavedText]:
    """What the reader has begun in such a form."""
    return [text for home in sheet.homes
            for text in unsaved.own(db.session(), current_user.id, home)
            if text.content.get("kind", AnnouncementKind.ORIGINAL) == sheet.kind]


def _news(sheet: Sheet, seal: str) -> str:
    """What the writer should know about others at the same text; "" if nothing."""
    if closed := sheet.closed():
        return f"{closed} {_('Ihr Text bleibt hier für Sie aufgehoben.')}"
    if sheet.draft and sheet.begun.seal != seal:
        return _("Jemand hat diesen Entwurf inzwischen geändert. Wenn Sie speichern, sehen Sie "
                 "beide Texte.")
    if sheet.homes == (None,):  # new announcements are everybody's own
        return ""
    others = unsaved.busy_at(db.session(), sheet.homes, current_user.id, utcnow())
    return _("Daran schreibt gerade auch: %(names)s.", names=", ".join(others)) if others else ""
