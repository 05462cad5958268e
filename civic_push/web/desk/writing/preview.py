"""Before publishing: what exactly leaves, who will get it, and a trial to oneself."""

from __future__ import annotations

from typing import Any

from flask import current_app, flash, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import lazy_gettext
from flask_security import current_user
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from channels.base import Channel
from civic_push.announcements import preview, trials
from civic_push.announcements.models import Announcement, AnnouncementKind
from civic_push.announcements.preview import Previewer, Reader
from civic_push.announcements.reach import audience
from civic_push.config import settings
from civic_push.db import db, utcnow
from civic_push.delivery import transactional
from civic_push.delivery.previews import message_preview
from civic_push.languages import LANGUAGES
from civic_push.staff.roles import Can
from civic_push.web import asking
from civic_push.web.desk.frame import ID, desk, needs, note, wanted
from civic_push.web.desk.words import CHANNELS, _
from civic_push.web.protection import POLICY
from subscriptions.models import Register

FORMS = {Register.STANDARD: ("standard", lazy_gettext("Standardsprache")),
         Register.PLAIN: ("einfach", lazy_gettext("Einfache Sprache"))}
"""Registers as the address names them, and as people do."""

# A mail's own page: nothing of it runs, loads or leads out of its frame
_MAIL_POLICY = ("default-src 'none'; style-src 'unsafe-inline'; form-action 'none'; "
                "base-uri 'none'; frame-ancestors 'self'; sandbox")
_FRAMING = POLICY + "; frame-src 'self'"


@desk.get(f"/{ID}/vorschau")
@needs(Can.READ)
def show_preview(number: int) -> ResponseReturnValue:
    """What one reader would get on one channel, and what there is for all the others."""
    announcement, now = wanted(number), utcnow()
    channel, reader = _channel(), _reader(announcement)
    with Session(db.engine) as session:
        previewer = Previewer(session, settings(), number, now)
        seen = _seen(previewer, channel, reader, announcement)
        versions = previewer.versions(announcement)
        companions = len(previewer.digest()) - 1
    parts = {(v.language, v.register): v.sms.segments for v in versions}
    answer = make_response(render_template(
        "desk/preview.html", announcement=announcement, channel=channel, reader=reader,
        versions=versions, companions=companions, up=_up(), languages=LANGUAGES, forms=FORMS,
        audience=audience(db.session(), settings(), announcement, parts, now),
        own=trials.own_contacts(db.session(), asking.seals(), current_user), **seen))
    answer.headers["Content-Security-Policy"] = _FRAMING
    return answer


@desk.get(f"/{ID}/vorschau/mail")
@needs(Can.READ)
def show_mail(number: int) -> ResponseReturnValue:
    """The HTML of the mail, alone, as a mail program would show it."""
    announcement = wanted(number)
    with Session(db.engine) as session:
        previewer = Previewer(session, settings(), number, utcnow())
        channel = _up().get("email")
        if channel is None:
            return redirect(url_for("desk.show_preview", number=number))
        message = previewer.message(_reader(announcement), "email")
        answer = Response(preview.mail(channel, message, settings()).html, mimetype="text/html")
    answer.headers["Content-Security-Policy"] = _MAIL_POLICY
    answer.headers["X-Frame-Options"] = "SAMEORIGIN"
    return answer


@desk.post(f"/{ID}/test")
@needs(Can.WRITE)
def send_trial(number: int) -> ResponseReturnValue:
    """Send it to oneself, marked as a test."""
    announcement, session = wanted(number, Can.WRITE), db.session()
    reader, asked = _reader(announcement), set(request.form.getlist("an"))
    contacts = [one for one in trials.own_contacts(session, asking.seals(), current_user)
                if str(one.id) in asked and one.channel in _up()]
    by_mail = "email" in asked and "email" in _up()
    query: dict[str, Any] = _address(_channel(), reader)
    back = redirect(url_for("desk.show_preview", number=number, _anchor="test", **query))
    if not (contacts or by_mail):
        flash(_("Wählen Sie aus, wohin der Test gehen soll. Es wurde nichts geschickt."),
              "warning")
        return back
    try:
        channels = trials.order(session, current_user, number, contacts, reader.language,
                                reader.register, utcnow(), by_mail)
    except trials.TooManyTrials:
        session.rollback()
        flash(_("Das waren viele Tests: höchstens %(most)s in einer Stunde. Es wurde nichts "
                "geschickt. Bitte warten Sie etwas.", most=trials.MOST_AN_HOUR), "warning")
        return back
    note("announcement.tried", ("announcement", number), None, {
        "channels": channels, "language": reader.language, "register": reader.register})
    session.commit()
    for channel in channels:
        transactional.ring(channel)
    flash(_("Der Test ist unterwegs: %(channels)s.",
            channels=", ".join(str(CHANNELS[name]) for name in channels)), "success")
    return back


def _seen(previewer: Previewer, channel: str, reader: Reader, announcement: Announcement
          ) -> dict[str, Any]:
    """What the template shows of this channel; nothing where it is not set up."""
    up = _up()
    if channel not in up:
        return {"seen": None, "message": None}
    message = previewer.message(reader, channel)
    seen: object = None
    match channel:
        case "email":
            seen = preview.mail(up[channel], message, settings())
        case "sms":
            seen = message_preview(settings(), message)
        case "telegram":
            seen = preview.chat(message, settings())
        case "push":
            seen = preview.push(message)
        case "outlet":
            seen = preview.outlets(up[channel], message, settings(), announcement)
    return {"seen": seen, "message": message}


def _reader(announcement: Announcement) -> Reader:
    """The reader that the address or form names; German and standard where it names none."""
    sent = request.values
    language = sent.get("sprache", "de")
    plain = sent.get("form") == FORMS[Register.PLAIN][0]
    first = (announcement.kind == AnnouncementKind.CORRECTION and sent.get("zuerst") == "ja")
    return Reader(language if language in LANGUAGES else "de",
                  Register.PLAIN if plain else Register.STANDARD,
                  sent.get("sammlung") == "ja", first)


def _channel() -> str:
    asked = request.values.get("kanal", "email")
    return asked if asked in CHANNELS else "email"


def _address(channel: str, reader: Reader) -> dict[str, str]:
    """The query that names a channel and a reader."""
    chosen = {"kanal": channel, "sprache": reader.language,
              "form": FORMS[Register(reader.register)][0],
              "sammlung": "ja" if reader.digest else "", "zuerst": "ja" if reader.first else ""}
    return {name: value for name, value in chosen.items() if value}


@desk.context_processor
def preview_words() -> dict[str, object]:
    """The address of a preview, for links between them."""
    return {"preview_query": _address, "channel_words": CHANNELS, "Reader": Reader}


def _up() -> dict[str, Channel]:
    found: dict[str, Channel] = current_app.extensions["channels"]
    return found
