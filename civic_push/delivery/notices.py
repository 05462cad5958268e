"""Transactional messages: confirmations, links to one's choices, welcomes. No news in them."""

from __future__ import annotations

from flask_babel import gettext

from channels.base import Message, Urgency
from civic_push.announcements.markdown import to_html
from civic_push.config import Settings
from civic_push.delivery.compose import frame
from civic_push.delivery.ledger import Claimed
from civic_push.delivery.models import Purpose
from subscriptions.tokens import Purpose as TokenPurpose
from subscriptions.tokens import Tokens


def notice(settings: Settings, tokens: Tokens, channel: str, delivery: Claimed) -> Message:
    """The transactional message of a delivery, in the current locale."""
    compose = {
        Purpose.CONFIRM: _code if channel == "sms" else _confirm,
        Purpose.WELCOME: _welcome,
        Purpose.KNOWN: _known,
        Purpose.MANAGE: _manage,
    }[Purpose(delivery.purpose)]
    return compose(settings, tokens, delivery)


def _confirm(settings: Settings, tokens: Tokens, delivery: Claimed) -> Message:
    url = _link(settings, tokens, delivery, TokenPurpose.CONFIRM, "bestaetigen")
    return _notice(
        settings, delivery, url=url, title=gettext("Bitte bestätigen Sie Ihre Anmeldung"),
        paragraphs=[
            gettext("Jemand – vermutlich Sie – möchte Meldungen von %(sender)s an diese Adresse "
                    "bekommen.", sender=settings.sender),
            gettext("Bitte bestätigen Sie das innerhalb von 48 Stunden auf dieser Seite:"),
            url,
            gettext("Waren Sie das nicht? Dann müssen Sie nichts tun. Ohne Bestätigung bekommen "
                    "Sie keine Meldungen, und wir löschen die Adresse nach 7 Tagen."),
        ], action=gettext("Anmeldung bestätigen"))


def _code(settings: Settings, tokens: Tokens, delivery: Claimed) -> Message:
    assert delivery.contact_id is not None
    code = tokens.code(delivery.contact_id, delivery.challenge or 0)
    words = gettext("%(code)s ist Ihr Code für Meldungen von %(sender)s. Nicht angefordert? Dann "
                    "bitte nichts tun.", code=code, sender=settings.sender)
    return _notice(settings, delivery, title=gettext("Ihr Code"), paragraphs=[words], short=words)


def _welcome(settings: Settings, tokens: Tokens, delivery: Claimed) -> Message:
    return _notice(
        settings, delivery, url=f"{settings.public_url}/einstellungen",
        title=gettext("Das hat geklappt"),
        paragraphs=[gettext("Ab jetzt kommen Meldungen von %(sender)s hierher.",
                            sender=settings.sender)],
        action=gettext("Einstellungen ändern"))


def _known(settings: Settings, tokens: Tokens, delivery: Claimed) -> Message:
    url = _link(settings, tokens, delivery, TokenPurpose.MANAGE, "einstellungen")
    return _notice(
        settings, delivery, url=url, title=gettext("Sie sind schon angemeldet"),
        paragraphs=[
            gettext("Jemand – vermutlich Sie – wollte diese Adresse für Meldungen von %(sender)s "
                    "anmelden. Sie ist schon angemeldet; es hat sich nichts geändert.",
                    sender=settings.sender),
            gettext("Ihre Auswahl ansehen und ändern:"), url])


def _manage(settings: Settings, tokens: Tokens, delivery: Claimed) -> Message:
    url = _link(settings, tokens, delivery, TokenPurpose.MANAGE, "einstellungen")
    return _notice(
        settings, delivery, url=url, title=gettext("Ihr Link zu Ihren Einstellungen"),
        paragraphs=[
            gettext("Mit diesem Link ändern Sie, welche Meldungen Sie bekommen. Er gilt 48 "
                    "Stunden. Geben Sie ihn nicht weiter."), url,
            gettext("Haben Sie keinen Link angefordert? Dann müssen Sie nichts tun.")])


def _link(settings: Settings, tokens: Tokens, delivery: Claimed, purpose: TokenPurpose,
          path: str) -> str:
    """A signed link that ends with the delivery it travels in; confirmations hold only for
    the contact's present challenge."""
    assert delivery.contact_id is not None
    challenge = (delivery.challenge or 0) if purpose == TokenPurpose.CONFIRM else 0
    token = tokens.make(purpose, delivery.contact_id, challenge=challenge,
                        expires_at=delivery.expires_at)
    return f"{settings.public_url}/{path}/{token}"


def _notice(settings: Settings, delivery: Claimed, *, title: str, paragraphs: list[str],
            url: str = "", short: str = "", action: str = "") -> Message:
    """Frame plain paragraphs; a paragraph that is the link becomes one in HTML."""
    html = to_html("\n\n".join(f"<{p}>" if p == url else p for p in paragraphs))
    return frame(
        settings, delivery.language or "de", key=f"n{delivery.id}", title=title,
        text="\n\n".join(p for p in paragraphs if p != url or not action), html=html,
        short=short or " ".join(paragraphs), url=url, urgency=Urgency.IMPORTANT,
        expires_at=delivery.expires_at, action_label=action or (title if url else ""))
