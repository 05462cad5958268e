"""Transactional messages: confirmations, links to one's choices, welcomes. No news in them."""

from __future__ import annotations

from flask_babel import gettext

from channels.base import Message, Urgency
from civic_push.config import Settings
from civic_push.delivery.claiming import Claimed
from civic_push.delivery.compose import frame
from civic_push.delivery.models import Purpose
from civic_push.wording.markdown import to_html
from subscriptions.tokens import Purpose as TokenPurpose
from subscriptions.tokens import Tokens


def notice(settings: Settings, tokens: Tokens, channel: str, delivery: Claimed) -> Message:
    """The transactional message of a delivery, in the current locale."""
    compose = {
        Purpose.CONFIRM: _code if channel == "sms" else _confirm,
        Purpose.WELCOME: _welcome,
        Purpose.KNOWN: _known,
        Purpose.MANAGE: _manage,
        Purpose.UNITE: _code if channel == "sms" else _unite,
        Purpose.TEST: _test,
        Purpose.STAND_IN: _stand_in,
        Purpose.GOODBYE: _goodbye,
    }[Purpose(delivery.purpose)]
    return compose(settings, tokens, delivery)


def _confirm(settings: Settings, tokens: Tokens, delivery: Claimed) -> Message:
    url = _link(settings, tokens, delivery, TokenPurpose.CONFIRM, "bestaetigen")
    return letter(
        settings, delivery, url=url, title=gettext("Bitte bestätigen Sie Ihre Anmeldung"),
        paragraphs=[
            gettext("Jemand – vermutlich Sie – möchte Meldungen von %(sender)s an diese Adresse "
                    "bekommen.", sender=settings.sender),
            gettext("Bitte bestätigen Sie das innerhalb von 48 Stunden."),
            gettext("Waren Sie das nicht? Dann müssen Sie nichts tun. Ohne Bestätigung bekommen "
                    "Sie keine Meldungen, und wir löschen die Adresse nach 7 Tagen."),
        ], action=gettext("Anmeldung bestätigen"))


def _code(settings: Settings, tokens: Tokens, delivery: Claimed) -> Message:
    assert delivery.contact_id is not None
    known = {"code": tokens.code(delivery.contact_id, delivery.challenge or 0),
             "sender": settings.sender}
    words = gettext("%(code)s ist Ihr Code für Meldungen von %(sender)s. Nicht angefordert? Dann "
                    "bitte nichts tun.", **known)
    if delivery.purpose == Purpose.UNITE:
        words = gettext("%(code)s ist Ihr Code, um Ihre Einstellungen bei %(sender)s zu vereinen. "
                        "Geben Sie ihn nicht weiter. Nicht angefordert? Dann bitte nichts tun.",
                        **known)
    return letter(settings, delivery, title=gettext("Ihr Code"), paragraphs=[words], short=words)


def _welcome(settings: Settings, tokens: Tokens, delivery: Claimed) -> Message:
    return letter(
        settings, delivery, url=f"{settings.public_url}/einstellungen",
        title=gettext("Das hat geklappt"),
        paragraphs=[gettext("Ab jetzt kommen Meldungen von %(sender)s hierher.",
                            sender=settings.sender)],
        action=gettext("Einstellungen ändern"))


def _known(settings: Settings, tokens: Tokens, delivery: Claimed) -> Message:
    url = _link(settings, tokens, delivery, TokenPurpose.MANAGE, "einstellungen")
    return letter(
        settings, delivery, url=url, title=gettext("Sie sind schon angemeldet"),
        paragraphs=[
            gettext("Jemand – vermutlich Sie – wollte diese Adresse für Meldungen von %(sender)s "
                    "anmelden. Sie ist schon angemeldet; es hat sich nichts geändert.",
                    sender=settings.sender),
        ], action=gettext("Auswahl ansehen und ändern"))


def _manage(settings: Settings, tokens: Tokens, delivery: Claimed) -> Message:
    url = _link(settings, tokens, delivery, TokenPurpose.MANAGE, "einstellungen")
    return letter(
        settings, delivery, url=url, title=gettext("Ihr Link zu Ihren Einstellungen"),
        paragraphs=[
            gettext("Mit diesem Link ändern Sie, welche Meldungen Sie bekommen. Er gilt 48 "
                    "Stunden. Geben Sie ihn nicht weiter."),
            gettext("Haben Sie keinen Link angefordert? Dann müssen Sie nichts tun."),
        ], action=gettext("Einstellungen ändern"))


def _unite(settings: Settings, tokens: Tokens, delivery: Claimed) -> Message:
    url = _link(settings, tokens, delivery, TokenPurpose.CONFIRM, "bestaetigen")
    return letter(
        settings, delivery, url=url, title=gettext("Möchten Sie Ihre Einstellungen vereinen?"),
        paragraphs=[
            gettext("Hierher kommen schon Meldungen von %(sender)s. Jemand – vermutlich Sie – "
                    "hat diese Adresse noch einmal eingetragen, bei anderen Einstellungen.",
                    sender=settings.sender),
            gettext("Gehören beide Ihnen? Dann bestätigen Sie das innerhalb von 48 Stunden. "
                    "Danach haben Sie gemeinsame Einstellungen für alle Wege."),
            gettext("Waren Sie das nicht? Dann müssen Sie nichts tun; es ändert sich nichts."),
        ], action=gettext("Einstellungen vereinen"))


def _test(settings: Settings, tokens: Tokens, delivery: Claimed) -> Message:
    return letter(
        settings, delivery, url=f"{settings.public_url}/posteingang",
        title=gettext("Probe: Es klappt"),
        paragraphs=[gettext("So kommen Meldungen von %(sender)s auf diesem Gerät an.",
                            sender=settings.sender)])


def _stand_in(settings: Settings, tokens: Tokens, delivery: Claimed) -> Message:
    url = _link(settings, tokens, delivery, TokenPurpose.MANAGE, "einstellungen")
    now_here = gettext(
        "Ihr Browser nimmt keine Benachrichtigungen von %(sender)s mehr an. Für diesen Fall "
        "wollten Sie die Meldungen hierher. Ab jetzt kommen sie hier an.",
        sender=settings.sender)
    return letter(
        settings, delivery, url=url, title=gettext("Ihre Meldungen kommen jetzt hierher"),
        paragraphs=[now_here], action=gettext("Auswahl ansehen, ändern oder abmelden"))


def _goodbye(settings: Settings, tokens: Tokens, delivery: Claimed) -> Message:
    words = gettext("Sie bekommen keine SMS von %(sender)s mehr. Ihre Nummer wird gelöscht.",
                    sender=settings.sender)
    return letter(settings, delivery, title=gettext("Sie sind abgemeldet"),
                   paragraphs=[words], short=words)


def _link(settings: Settings, tokens: Tokens, delivery: Claimed, purpose: TokenPurpose,
          path: str) -> str:
    """A signed link that ends with the delivery it travels in; confirmations hold only for
    the contact's present challenge."""
    assert delivery.contact_id is not None
    challenge = (delivery.challenge or 0) if purpose == TokenPurpose.CONFIRM else 0
    token = tokens.make(purpose, delivery.contact_id, challenge=challenge,
                        expires_at=delivery.expires_at)
    return f"{settings.public_url}/{path}/{token}"


def letter(settings: Settings, delivery: Claimed, *, title: str, paragraphs: list[str],
           url: str = "", short: str = "", action: str = "") -> Message:
    """Frame plain paragraphs in the current locale, which is the reader's. The link is the
    message's action and stands in none of them; push and SMS say `short`, or the first one."""
    return frame(
        settings, delivery.language or "de", delivery.register or "standard",
        key=f"n{delivery.id}", title=title, text="\n\n".join(paragraphs),
        html=to_html("\n\n".join(paragraphs)), short=short or paragraphs[0], url=url,
        urgency=Urgency.IMPORTANT, expires_at=delivery.expires_at,
        action_label=action or (title if url else ""))
