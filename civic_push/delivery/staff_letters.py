"""The letters that staff get: the link with which an account at the desk is set up, and word
that something waits for approval or came back from it. Nothing unpublished stands in them."""

from __future__ import annotations

from flask_babel import force_locale, gettext
from sqlalchemy import select
from sqlalchemy.orm import Session

from channels.base import Message
from civic_push.config import Settings
from civic_push.delivery.claiming import Claimed
from civic_push.delivery.models import Purpose as SentFor
from civic_push.delivery.notices import letter
from civic_push.staff.models import Staff
from subscriptions.tokens import Purpose, Tokens

DESK_LETTERS = (SentFor.APPROVAL, SentFor.CAME_BACK)


def desk_letter(settings: Settings, delivery: Claimed) -> Message:
    """The letter of a delivery with one of DESK_LETTERS' purposes. It leads to a list behind
    the desk's sign-in."""
    with force_locale("de"):
        if delivery.purpose == SentFor.APPROVAL:
            title, path = gettext("Es wartet etwas auf Ihre Freigabe"), "freigabe?wessen=fuer-mich"
            paragraphs = [
                gettext("In der Redaktion von %(sender)s wartet mindestens eine Meldung auf Ihre "
                        "Freigabe.", sender=settings.sender),
                gettext("Hat inzwischen schon jemand entschieden, ist die Liste leer, und Sie "
                        "müssen nichts tun.")]
        else:
            title, path = gettext("Ihre Meldung ist wieder ein Entwurf"), "entwuerfe"
            paragraphs = [
                gettext("Eine Meldung, die Sie bei %(sender)s geschrieben haben, ist nicht "
                        "hinausgegangen.", sender=settings.sender),
                gettext("Warum, steht in der Redaktion bei der Meldung. Sie können sie dort "
                        "ändern und noch einmal einreichen.")]
        return letter(
            settings, delivery, title=title, paragraphs=paragraphs, short=title,
            url=f"{settings.public_url}/redaktion/meldungen/{path}",
            action=gettext("Liste ansehen"))


def staff_letter(session: Session, settings: Settings, tokens: Tokens,
                 delivery: Claimed) -> Message:
    """The letter of a delivery with purpose STAFF; its link ends with it, and with the next
    letter. `delivery.outlet` is the address."""
    number, invitation = session.execute(
        select(Staff.id, Staff.invitation).where(Staff.email == delivery.outlet)).one()
    token = tokens.make(Purpose.STAFF, number, challenge=invitation,
                        expires_at=delivery.expires_at)
    url = f"{settings.public_url}/redaktion/einladung/{token}"
    with force_locale("de"):
        title = gettext("Ihr Zugang zur Redaktion")
        paragraphs = [
            gettext("Sie können bei %(sender)s an Meldungen mitarbeiten. Auf dieser Seite richten "
                    "Sie Ihren Zugang ein:", sender=settings.sender),
            gettext("Der Link gilt drei Tage und nur einmal. Geben Sie ihn nicht weiter."),
            gettext("Haben Sie das nicht erwartet? Dann müssen Sie nichts tun; fragen Sie im "
                    "Zweifel in der Redaktion nach."),
        ]
        return letter(settings, delivery, title=title, paragraphs=paragraphs, short=title, url=url,
                      action=gettext("Zugang einrichten"))
