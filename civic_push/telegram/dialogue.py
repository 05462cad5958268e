"""What Telegram tells us: residents who press "start", write "/stop" or block the bot.

Updates come by webhook (`web.telegram`) or by long polling. Telegram sends an update again until
it is answered, so everything here may happen twice.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractContextManager
from datetime import datetime
from typing import Any

from flask import current_app
from flask_babel import force_locale, gettext
from sqlalchemy import select
from sqlalchemy.orm import Session

from civic_push.config import settings
from civic_push.db import db
from civic_push.delivery import transactional
from civic_push.delivery.endings import confirm
from civic_push.delivery.models import Purpose
from civic_push.languages import LANGUAGES, locale_of
from subscriptions.leaving import leave
from subscriptions.models import Contact, ContactState
from subscriptions.signup import link_address
from subscriptions.tokens import BadToken, ExpiredToken
from subscriptions.tokens import Purpose as TokenPurpose
from subscriptions.uniting import claim_address

CHANNEL = "telegram"
Reply = dict[str, Any]
"""A Bot API call as Telegram takes it for an answer: `method` beside its parameters."""

_SETTINGS = frozenset(("/einstellungen", "einstellungen", "/settings", "settings"))
_STOP = frozenset(("/stop", "stop", "stopp", "/stopp", "abmelden", "/abmelden"))


def _(text: str, **values: str) -> str:
    return str(gettext(text, **values))


def handle_update(update: Mapping[str, Any], now: datetime) -> Reply | None:
    """Do what an update asks for, commit, and return the answer to send, if any.

    What is no private chat, or nothing we know, is left alone. Raises nothing for odd
    updates; a database error leaves nothing half done, so the update may come again.
    """
    message, member = update.get("message"), update.get("my_chat_member")
    if isinstance(message, dict):
        return _heard(message, now)
    if isinstance(member, dict):
        chat = _private_chat(member)
        status = member.get("new_chat_member")
        if chat and isinstance(status, dict) and status.get("status") == "kicked":
            _end(chat, now)
    return None


def _heard(message: Mapping[str, Any], now: datetime) -> Reply | None:
    chat = _private_chat(message)
    if not chat:
        return None
    text = message.get("text")
    words = text.split() if isinstance(text, str) else []
    command = words[0].partition("@")[0].lower() if words else ""
    with _language(chat, message):
        if command == "/start":
            words_back = _start(chat, words[1] if len(words) > 1 else "", now)
        elif command.rstrip(".!") in _STOP:
            words_back = _stop(chat, now)
        elif command.rstrip(".!") in _SETTINGS:
            words_back = _settings(chat, now)
        else:
            words_back = _help(chat)
    return _say(chat, words_back) if words_back else None


def _start(chat: str, token: str, now: datetime) -> str | None:
    """Link the chat to the sign-up the token stands for. Returns what to answer; None
    where a message through the ledger answers."""
    session = db.session()
    try:
        contact = _promised(session, token, now) if token else None
    except ExpiredToken:
        return _("Dieser Link ist abgelaufen. Bitte melden Sie sich noch einmal an: %(url)s",
                 url=_signup_url())
    except BadToken:
        return _("Dieser Link gilt nicht oder nicht mehr. Bitte melden Sie sich noch einmal "
                 "an: %(url)s", url=_signup_url())
    if contact is None:
        return _help(chat)
    return _link(session, contact, chat, now)


def _link(session: Session, contact: Contact, chat: str, now: datetime) -> str | None:
    """Give a contact its chat, once; a link that has served does not move to another."""
    seals = current_app.extensions["seals"]
    if contact.state == ContactState.ACTIVE:
        mine = contact.fingerprint == seals.fingerprint(CHANNEL, chat)
        session.rollback()
        return (_("Dieser Chat ist schon angemeldet.") if mine else
                _("Dieser Link wurde schon benutzt. Bitte melden Sie sich noch einmal an: "
                  "%(url)s", url=_signup_url()))
    if not link_address(session, seals, contact, chat):
        if any(c.state == ContactState.ACTIVE for c in contact.subscriber.contacts):
            claim_address(seals, contact, chat)
            return _write(session, contact, Purpose.UNITE, now)
        return _write(session, _contact(session, chat), Purpose.KNOWN, now)
    if confirm(session, contact, "start", now):
        transactional.write(session, contact, Purpose.WELCOME, now)
    session.commit()
    transactional.ring(CHANNEL)
    return None


def _settings(chat: str, now: datetime) -> str | None:
    """Send the link to one's settings."""
    session = db.session()
    contact = _contact(session, chat)
    if contact is None or contact.state != ContactState.ACTIVE:
        return _help(chat)
    return _write(session, contact, Purpose.MANAGE, now)


def _write(session: Session, contact: Contact | None, purpose: Purpose, now: datetime
           ) -> str | None:
    """Answer through the ledger, by a message with a link to this chat; in words where it
    had enough of them today."""
    written = contact is not None and transactional.write(session, contact, purpose, now)
    session.commit()
    if not written:
        return _("Sie haben heute schon mehrere Links bekommen. Der letzte gilt 48 Stunden.")
    transactional.ring(CHANNEL)
    return None


def _stop(chat: str, now: datetime) -> str:
    if _end(chat, now):
        return _("Sie sind abgemeldet, und Ihre Daten zu diesem Chat sind gelöscht. Auf "
                 "Wiedersehen! Wieder anmelden: %(url)s", url=_signup_url())
    return _("Dieser Chat erhält keine Nachrichten von uns. Anmelden: %(url)s",
             url=_signup_url())


def _end(chat: str, now: datetime) -> bool:
    """End the chat's contact. Returns whether there was one."""
    session = db.session()
    contact = _contact(session, chat)
    ended = contact is not None and leave(session, [contact.id], "stop", now) > 0
    session.commit()
    return ended


def _help(chat: str) -> str:
    contact = _contact(db.session(), chat)
    db.session.rollback()  # nothing was changed; an answer waits for no lock
    if contact is not None and contact.state == ContactState.ACTIVE:
        return _("Hier kommen die Nachrichten an, die Sie bestellt haben. Mit "
                 "/einstellungen ändern Sie Ihre Auswahl, mit /stop beenden Sie das.")
    return _("Hier schreibt %(sender)s. Welche Nachrichten Sie bekommen möchten, wählen Sie "
             "auf dieser Seite: %(url)s", sender=settings().sender, url=_signup_url())


def _promised(session: Session, token: str, now: datetime) -> Contact:
    """The contact a start link was made for. Raises BadToken."""
    tokens = current_app.extensions["tokens"]
    contact = session.get(Contact, tokens.contact_id(token))
    if contact is None or contact.channel != CHANNEL:
        session.rollback()
        raise BadToken("its sign-up is no longer there")
    try:
        tokens.check(TokenPurpose.TELEGRAM, token, now=now, challenge=contact.challenge)
    except BadToken:
        session.rollback()
        raise
    return contact


def _contact(session: Session, chat: str) -> Contact | None:
    mark = current_app.extensions["seals"].fingerprint(CHANNEL, chat)
    return session.scalar(
        select(Contact).where(Contact.channel == CHANNEL, Contact.fingerprint == mark))


def _private_chat(part: Mapping[str, Any]) -> str:
    """The chat's id, as channels/telegram.py cleans it; "" for groups, channels and bots."""
    chat, sender = part.get("chat"), part.get("from")
    if not isinstance(chat, dict) or chat.get("type") != "private":
        return ""
    if isinstance(sender, dict) and sender.get("is_bot"):
        return ""
    number = chat.get("id")
    return str(number) if type(number) is int and number else ""


def _language(chat: str, message: Mapping[str, Any]) -> AbstractContextManager[None]:
    """Answer in the subscriber's language; a stranger's app tells its own."""
    contact = _contact(db.session(), chat)
    if contact is not None:
        locale = locale_of(contact.subscriber.language, contact.subscriber.register)
    else:
        sender = message.get("from")
        code = sender.get("language_code") if isinstance(sender, dict) else None
        spoken = code.partition("-")[0] if isinstance(code, str) else "de"
        locale = locale_of(spoken if spoken in LANGUAGES else "en")
    db.session.rollback()
    return force_locale(locale)  # type: ignore[no-any-return]


def _signup_url() -> str:
    return f"{settings().public_url}/anmelden"


def _say(chat: str, text: str) -> Reply:
    return {"method": "sendMessage", "chat_id": int(chat), "text": text,
            "link_preview_options": {"is_disabled": True}}
