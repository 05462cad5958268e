"""Signed links: whose they are, and what to say when they do not hold."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import cast

from flask import current_app, render_template, session

from civic_push.db import db
from civic_push.web.errors import Trouble
from civic_push.web.language import _, follow
from subscriptions.models import Contact, ContactState, Subscriber
from subscriptions.tokens import BadToken, ExpiredToken, Purpose, Tokens

AT_ONCE_LIFE = timedelta(hours=2)  # of links that are followed at once
PAGE_LIFE = timedelta(minutes=30)  # how long a resident's page stays open untouched
_READER = "reader"  # in the session cookie: what pages open in this browser are signed with
WAITING = "waiting"  # and which inboxes were asked for in it; `asking` seals and reads that


@dataclass(frozen=True, slots=True)
class OpenPage:
    """A resident's settings, open in one browser for a short time."""

    token: str
    contact: Contact  # whose link opened it
    until: datetime
    seconds: int  # how long that still is

    @property
    def subscriber(self) -> Subscriber:
        """Whose settings these are."""
        return self.contact.subscriber


class LinkTrouble(Exception):
    """A link that cannot be followed; shown as a page with `status`."""

    def __init__(self, trouble: Trouble, status: int, endpoint: str, words: str) -> None:
        super().__init__(trouble.title)
        self.trouble, self.status = trouble, status
        self.endpoint, self.words = endpoint, words


def tokens() -> Tokens:
    """The app's tokens."""
    return cast(Tokens, current_app.extensions["tokens"])


def show_trouble(error: LinkTrouble) -> tuple[str, int]:
    """Error handler: explain the link and offer the way on."""
    return render_template("link_trouble.html", trouble=error.trouble, endpoint=error.endpoint,
                           words=error.words), error.status


def to_confirm(token: str, now: datetime) -> Contact:
    """The contact a confirmation link is for. Raises LinkTrouble."""
    contact = _named_by(token)
    if contact is None:
        raise _stale_confirmation()
    try:
        tokens().check(Purpose.CONFIRM, token, now=now, challenge=contact.challenge)
    except ExpiredToken as error:
        if contact.verified_at is not None:
            return contact  # pressed long after it was confirmed: still true
        raise _stale_confirmation() from error
    except BadToken as error:  # most likely an older one; nobody learns whose
        raise _stale_confirmation() from error
    return contact


def to_leave(token: str, now: datetime) -> Contact | None:
    """The contact a leave link is for; None where it has left already. Raises LinkTrouble."""
    try:
        contact_id = tokens().check(Purpose.LEAVE, token, now=now)
    except BadToken as error:
        raise _unknown() from error
    return db.session.get(Contact, contact_id)


def to_manage(token: str, now: datetime) -> Contact:
    """The contact whose subscriber's choices a link opens. Raises LinkTrouble."""
    try:
        contact_id = tokens().check(Purpose.MANAGE, token, now=now)
    except ExpiredToken as error:
        raise LinkTrouble(
            Trouble(_("Dieser Link ist abgelaufen."),
                    _("Zu Ihrer Sicherheit gelten solche Links nur kurze Zeit. Fordern Sie "
                      "einen neuen an; er kommt sofort.")),
            410, "preferences.ask", _("Neuen Link anfordern")) from error
    except BadToken as error:
        raise _unknown() from error
    return _still_here(contact_id)


def open_page(contact_id: int, now: datetime) -> str:
    """The token of a page for this contact's settings, which only this browser may use:
    whoever copies the page's address, or comes to it after `close_pages`, sees nothing."""
    reader = session.setdefault(_READER, secrets.randbits(62))
    return tokens().make(Purpose.PAGE, contact_id, challenge=reader, expires_at=now + PAGE_LIFE)


def to_page(token: str, now: datetime) -> OpenPage:
    """The open page behind a token. Raises LinkTrouble."""
    try:
        contact_id = tokens().check(Purpose.PAGE, token, now=now,
                                    challenge=session.get(_READER, 0))
        until = tokens().expires_at(token)
    except BadToken as error:
        raise LinkTrouble(
            Trouble(_("Diese Seite ist nicht mehr offen."),
                    _("Zu Ihrer Sicherheit bleibt sie nur 30 Minuten offen, und nur in dem "
                      "Browser, in dem Sie den Link geöffnet haben. Öffnen Sie den Link aus "
                      "der Nachricht noch einmal, oder fordern Sie einen neuen an.")),
            410, "preferences.ask", _("Neuen Link anfordern")) from error
    contact = _still_here(contact_id)
    follow(contact.subscriber.language, contact.subscriber.register)
    return OpenPage(token, contact, until, int((until - now).total_seconds()))


def close_pages() -> None:
    """Close all pages that are open in this browser, and forget which inboxes were asked for
    in it: whoever comes next would read their addresses and could press their links."""
    session.pop(_READER, None)
    session.pop(WAITING, None)


def _still_here(contact_id: int) -> Contact:
    contact = db.session.get(Contact, contact_id)
    if contact is None or contact.state != ContactState.ACTIVE:
        raise LinkTrouble(
            Trouble(_("Dieser Kanal ist abgemeldet."),
                    _("Dazu sind keine Einstellungen mehr gespeichert. Sie können sich "
                      "jederzeit neu anmelden.")),
            410, "signup.form", _("Neu anmelden"))
    return contact


def _named_by(token: str) -> Contact | None:
    try:
        return db.session.get(Contact, tokens().contact_id(token))
    except BadToken as error:
        raise _unknown() from error


def _stale_confirmation() -> LinkTrouble:
    return LinkTrouble(
        Trouble(_("Dieser Bestätigungslink gilt nicht mehr."),
                _("Er gilt 48 Stunden, und nur der neueste gilt. Melden Sie sich noch einmal "
                  "an; dann schicken wir Ihnen einen neuen.")),
        410, "signup.form", _("Noch einmal anmelden"))


def _unknown() -> LinkTrouble:
    return LinkTrouble(
        Trouble(_("Diesen Link kennen wir nicht."),
                _("Vielleicht wurde er beim Kopieren abgeschnitten. Öffnen Sie den Link direkt "
                  "aus der Nachricht, oder lassen Sie sich einen neuen schicken.")),
        404, "preferences.ask", _("Neuen Link anfordern"))
