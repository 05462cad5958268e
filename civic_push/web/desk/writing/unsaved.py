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

from civic_push.announcements import approval, unsaved, versions
from civic_push.announcements.models import Announcement
from civic_push.announcements.writing_models import UnsavedText
from civic_push.db import db, utcnow
from civic_push.staff.roles import Can
from civic_push.web.desk.frame import ID, desk, needs, wanted
from civic_push.web.desk.words import _
from civic_push.web.desk.writing import forms
from civic_push.web.language import moment
from civic_push.web.protection import limiter

_KEY = re.compile(r"[0-9a-f]{32}")


def form_key() -> str:
    """The key of the form that was sent, or of a new one."""
    sent = request.form.get("form", "")
    return sent if _KEY.fullmatch(sent) else secrets.token_hex(16)


def offered(announcement: Announcement | None, key: str) -> list[tuple[UnsavedText, str]]:
    """What the reader has begun here and not saved, with its title; not the form `key`."""
    texts = unsaved.own(db.session(), current_user.id, announcement.id if announcement else None)
    return [(text, str(text.content.get("title") or _("ohne Titel")))
            for text in texts if text.key != key]


def asked_for(announcement: Announcement | None) -> UnsavedText | None:
    """The one that `?entwurf=…` wants to go on with."""
    return unsaved.found(db.session(), current_user.id, announcement.id if announcement else None,
                         request.args.get("entwurf", ""))


@desk.post("/neu/zwischenstand")
@needs(Can.WRITE)
@limiter.limit("60 per minute")
def keep_new() -> ResponseReturnValue:
    """Keep what is typed into a form for a new announcement."""
    return _keep(None)


@desk.post(f"/{ID}/zwischenstand")
@needs(Can.WRITE)
@limiter.limit("60 per minute")
def keep_text(number: int) -> ResponseReturnValue:
    """Keep what is typed into the form of a draft; the draft stays as it is."""
    return _keep(wanted(number, Can.WRITE))


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
    if unsaved.forget(db.session(), current_user.id, key):
        flash(_("Der angefangene Text ist verworfen."), "success")
    db.session.commit()
    number = request.form.get("number", "")
    if number.isdigit() and len(number) < 13:
        return redirect(url_for("desk.edit", number=int(number)))
    return redirect(url_for("desk.new"))


def _keep(announcement: Announcement | None) -> ResponseReturnValue:
    written, now = forms.read(request.form), utcnow()
    number = announcement.id if announcement else None
    if any(len(text) > 2 * forms.BODY_LENGTH for text in written.texts().values()):
        return {"problem": _("Der Text ist zu lang, um ihn zwischendurch zu sichern.")}, 413
    key = form_key()
    try:
        # what was on its way while the form was saved comes late, and would be offered again
        late = versions.made_by(db.session(), key, current_user.id) is not None
        kept = not late and unsaved.keep(
            db.session(), key, current_user.id, number, request.form.get("seal", "")[:16],
            asdict(written), now)
        news = _news(announcement, request.form.get("seal", ""))
        db.session.commit()
    except IntegrityError:  # the same form, sent twice at once
        db.session.rollback()
        kept, news = False, ""
    if not kept:
        return {"problem": _("Nicht gesichert. Bitte speichern Sie den Entwurf.")}, 409
    return {"kept": _("Gesichert um %(time)s.", time=moment(now, "time")), "news": news}


def _news(announcement: Announcement | None, seal: str) -> str:
    """What the writer should know about others at the same draft; "" if nothing."""
    if announcement is None:
        return ""
    if announcement.state not in approval.OPEN:
        return _("Diese Meldung ist inzwischen eingereicht, veröffentlicht oder verworfen. Ihr "
                 "Text bleibt hier für Sie aufgehoben.")
    if forms.show(announcement).seal != seal:
        return _("Jemand hat diesen Entwurf inzwischen geändert. Wenn Sie speichern, sehen Sie "
                 "beide Texte.")
    others = unsaved.busy_at(db.session(), announcement.id, current_user.id, utcnow())
    return _("Daran schreibt gerade auch: %(names)s.", names=", ".join(others)) if others else ""
