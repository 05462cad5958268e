"""A picture for a draft, with words for those who do not see it."""

from __future__ import annotations

import os
from typing import Any

from flask import abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import format_decimal
from flask_security import current_user
from sqlalchemy import exists, select
from werkzeug.datastructures import FileStorage, MultiDict
from werkzeug.wrappers import Response

from civic_push.announcements import images
from civic_push.announcements.image_models import AnnouncementImage
from civic_push.announcements.images import BadImage, Clean
from civic_push.announcements.models import OPEN, Announcement
from civic_push.config import settings
from civic_push.db import db
from civic_push.staff import roles
from civic_push.staff.roles import Can
from civic_push.web.desk.frame import ID, desk, needs, note, wanted
from civic_push.web.desk.words import _
from civic_push.web.desk.writing.sheets import Sheet
from civic_push.web.desk.writing.written import Written
from civic_push.web.forms import Typed
from civic_push.web.pictures import image_of, sent

ALT_LENGTH = 500  # as the column
MOST_SENT = 16 * 1024 * 1024  # bytes of a request; nginx takes no more (deploy/nginx.conf)


@desk.url_value_preprocessor
def let_photos_in(endpoint: str | None, _values: dict[str, Any] | None) -> None:
    """Take what a telephone's photo has, so that the form can say that it is too large, and
    keep the words typed beside it: before anything reads the request. Werkzeug puts a file on
    disk, but any other kind of form into memory; strangers may send no more than anywhere."""
    if (endpoint == "desk.save_image" and request.mimetype == "multipart/form-data"
            and current_user.is_authenticated):
        request.max_content_length = MOST_SENT


@desk.get(f"/{ID}/bild")
@needs(Can.WRITE)
def image(number: int) -> ResponseReturnValue:
    """The picture there is, and the form for another."""
    announcement = wanted(number, Can.WRITE)
    if announcement.state not in OPEN:
        return _closed(number)
    there = image_of(announcement)
    return _form(announcement, Typed(MultiDict({"alt": there.alt if there else ""})))


@desk.post(f"/{ID}/bild")
@needs(Can.WRITE)
def save_image(number: int) -> ResponseReturnValue:
    """Keep a picture, or other words for the one there is."""
    announcement = wanted(number, Can.WRITE)
    if announcement.state not in OPEN:
        return _closed(number)
    typed, there = Typed(MultiDict({"alt": request.form.get("alt", "")})), image_of(announcement)
    made = _read(typed, there)
    _check_words(typed)
    if typed.errors:
        if made:  # no page may fill in a file field
            typed.errors["bild"] = _("Wählen Sie das Bild bitte noch einmal aus. Browser merken "
                                     "es sich nicht.")
        return _form(announcement, typed, 422)
    if there is None or made or typed.text("alt") != there.alt:
        announcement.editor_id = current_user.id  # a picture is part of what is approved
        _keep(there or AnnouncementImage(announcement_id=number), made, typed.text("alt"))
    flash(_("Das Bild ist gespeichert."), "success")
    return redirect(url_for("desk.watch", number=number))


@desk.post(f"/{ID}/bild/entfernen")
@needs(Can.WRITE)
def remove_image(number: int) -> ResponseReturnValue:
    """Take the picture away."""
    announcement = wanted(number, Can.WRITE)
    if announcement.state not in OPEN:
        return _closed(number)
    there = image_of(announcement)
    if there is not None:
        announcement.editor_id = current_user.id
        old = (there.digest, there.kind)
        note("announcement.image", ("announcement", number), _told(there), None)
        db.session.delete(there)
        db.session.commit()
        _tidy(old)
        flash(_("Das Bild ist entfernt."), "success")
    return redirect(url_for("desk.watch", number=number))


@desk.get(f"/{ID}/bild/ansehen")
@needs(Can.READ)
def show_image(number: int) -> Response:
    """The picture of a draft, for the desk only."""
    there = image_of(wanted(number))
    if there is None:
        abort(404)
    return sent(there.digest, there.kind, "no-store")


def of_copied(sheet: Sheet, written: Written) -> AnnouncementImage | None:
    """The picture that a new form could bring along: of what it copies, if there is one and
    the person at the desk may see it."""
    if sheet.draft is not None or sheet.follows is not None or not written.copied:
        return None
    # held, so that nobody removes the picture, and with it the file, while a form takes it over
    original = db.session.get(Announcement, written.copied,
                              with_for_update=request.method == "POST")
    if original is None or not roles.may(current_user, Can.READ, original):
        return None
    return image_of(original)


def bring_along(sheet: Sheet, written: Written, saved: Announcement) -> None:
    """Give the draft that a new form has made the picture of what it copies, where that is
    wished for. Does not commit."""
    there = of_copied(sheet, written) if written.picture else None
    if there is not None:
        row = there.copy_for(saved.id)
        db.session.add(row)
        note("announcement.image", ("announcement", saved.id), None, _told(row))


def _read(typed: Typed, there: AnnouncementImage | None) -> Clean | None:
    """The file sent, made harmless; None for none, which is wrong where no picture is there."""
    file = request.files.get("bild") or FileStorage()
    raw = file.read(images.MOST_BYTES + 1)  # enough to know that it is too large
    if not raw:
        if there is None:
            typed.errors["bild"] = _("Wählen Sie ein Bild aus.")
        return None
    try:
        return images.clean(raw)
    except BadImage as error:
        typed.errors["bild"] = _sentence(error.code, file.seek(0, os.SEEK_END))
        return None


def _check_words(typed: Typed) -> None:
    if not typed.text("alt"):
        typed.errors["alt"] = _("Beschreiben Sie, was auf dem Bild zu sehen ist. Wer es nicht "
                                "sieht, bekommt diese Worte.")
    elif len(typed.text("alt")) > ALT_LENGTH:
        typed.errors["alt"] = _("Kürzen Sie die Beschreibung auf %(most)s Zeichen.",
                                most=ALT_LENGTH)


def _sentence(code: str, size: int) -> str:
    return {
        "kind": _("Das ist kein Bild, das alle Browser zeigen. Speichern Sie es als JPEG oder "
                  "PNG."),
        "broken": _("Das Bild ist beschädigt. Speichern Sie es noch einmal als JPEG oder PNG."),
        "moves": _("Bewegte Bilder nehmen wir nicht. Nehmen Sie ein einzelnes Bild daraus."),
        "bytes": _("Das Bild ist zu groß (%(size)s). Verkleinern Sie es auf höchstens 900 "
                   "Kilobyte.", size=_in_words(size)),
        "pixels": _("Das Bild hat zu viele Bildpunkte. Verkleinern Sie es, zum Beispiel auf "
                    "1600 Punkte Breite."),
    }[code]


def _in_words(size: int) -> str:
    if size < 1_000_000:
        return f"{-(-size // 1000)} kB"  # rounded up: 900 kB would not be too large
    return f"{format_decimal(size / 1_000_000, '0.0')} MB"


def _form(announcement: Announcement, typed: Typed, status: int = 200) -> tuple[str, int]:
    return render_template("desk/image.html", announcement=announcement, typed=typed,
                           most=ALT_LENGTH, most_bytes=images.MOST_BYTES,
                           most_pixels=images.MOST_PIXELS), status


def _keep(row: AnnouncementImage, made: Clean | None, alt: str) -> None:
    """Store a picture and its words, new or in place of what `row` shows."""
    before = _told(row) if row.digest else None
    replaced = (row.digest, row.kind) if row.digest and made else None
    if made:
        images.store(settings().var, made)
        row.digest, row.kind = made.digest, made.kind
        row.width, row.height = made.width, made.height
    row.alt = alt
    db.session.add(row)
    note("announcement.image", ("announcement", row.announcement_id), before, _told(row))
    db.session.commit()
    _tidy(replaced)


def _told(row: AnnouncementImage) -> dict[str, str]:
    return {"alt": row.alt, "digest": row.digest}


def _tidy(old: tuple[str, str] | None) -> None:
    """Delete the file of a picture that nothing shows any more."""
    if old is None:
        return
    used = db.session.scalar(select(exists().where(AnnouncementImage.digest == old[0])))
    if not used:
        images.path_of(settings().var, *old).unlink(missing_ok=True)


def _closed(number: int) -> ResponseReturnValue:
    flash(_("Diese Meldung ist kein Entwurf mehr; ihr Bild wurde nicht geändert."), "warning")
    return redirect(url_for("desk.watch", number=number))
