"""Choices in words: what somebody is going to get, before he says yes to it."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from civic_push.languages import LANGUAGES
from civic_push.web import sentences
from civic_push.web.language import _, language
from subscriptions.models import Contact, Frequency, Neighbourhood, Register, Topic
from subscriptions.preferences import choices_of
from subscriptions.signup import Choices


def of_contact(session: Session, contact: Contact) -> list[tuple[str, str]]:
    """What a contact's subscriber chose, and how often this contact is written to, as
    (name, value) for a list."""
    return [*of_choices(session, choices_of(contact.subscriber)),
            (_("Wie oft"), rhythm(contact.frequency, contact.digest_hour, contact.digest_weekday))]


def of_choices(session: Session, choices: Choices) -> list[tuple[str, str]]:
    """Choices as (name, value) for a list."""
    places = session.scalars(
        select(Neighbourhood.name).where(Neighbourhood.id.in_(choices.neighbourhoods))
        .order_by(Neighbourhood.name)).all()
    topics = session.scalars(
        select(Topic).where(Topic.id.in_(choices.topics)).order_by(Topic.position, Topic.name))
    words = [(_("Wo"), ", ".join(places) or _("ganze Stadt")),
             (_("Themen"), ", ".join(t.title(language()) for t in topics) or _("alle Themen")),
             (_("Sprache"), _style(choices))]
    if choices.quiet_from is not None:
        hours = dict(sentences.hours())
        words.append((_("Ruhezeit"), _("%(start)s bis %(end)s", start=hours[choices.quiet_from],
                                       end=hours[choices.quiet_to or 0])))
    return words


def rhythm(frequency: Frequency, hour: int, weekday: int) -> str:
    """How often, in words: "einmal am Tag, gesammelt, 18 Uhr"."""
    parts = [dict(sentences.frequencies())[frequency]]
    if frequency == Frequency.WEEKLY:
        parts.append(dict(sentences.weekdays())[weekday])
    if frequency != Frequency.NOW:
        parts.append(dict(sentences.hours())[hour])
    return ", ".join(parts)


def _style(choices: Choices) -> str:
    plain = _("Einfache Sprache") if choices.register == Register.PLAIN else ""
    return ", ".join(filter(None, (LANGUAGES.get(choices.language, ""), plain)))
