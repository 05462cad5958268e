"""A trial: an announcement as readers will get it, for who works on it."""

from __future__ import annotations

from dataclasses import replace

from sqlalchemy import select

from channels.base import Message
from civic_push.announcements.models import AnnouncementKind
from civic_push.delivery.claiming import Claimed
from civic_push.delivery.compose import Composer, Reason
from civic_push.delivery.models import Trial

MARK = "[Test]"  # the same in every language: it is for staff, and their mail filters


def trial(composer: Composer, delivery: Claimed) -> Message:
    """The message of a delivery with purpose TRIAL, from what the announcement says now; its
    key is its own, so that it replaces nothing that readers get."""
    order = composer.session.execute(
        select(Trial).where(Trial.delivery_id == delivery.id)).scalar_one()
    number, language, register = order.announcement_id, order.language, order.register
    message = as_read(composer, number, language, register)
    return replace(
        message, key=f"t{delivery.id}", thread="", title=f"{MARK} {message.title}",
        short=f"{MARK} {message.short}", alone=f"{MARK} {message.alone or message.short}",
        expires_at=delivery.expires_at)


def as_read(composer: Composer, announcement_id: int, language: str, register: str,
            first: bool = False) -> Message:
    """What such a reader gets who asked for the announcement's first topic in its first
    Ortsteil. Of a follow-up: who got what it follows, or (`first`) who gets this alone."""
    composer.load({announcement_id})
    follows = composer.kind(announcement_id) != AnnouncementKind.ORIGINAL and not first
    return composer.message(announcement_id, language, register,
                            reason_for(composer, announcement_id), follows)


def reason_for(composer: Composer, announcement_id: int) -> Reason:
    """Why a reader gets it: its first topic, its first Ortsteil or the whole town."""
    about = composer.about(announcement_id)
    return (next(iter(about.topics), None), next(iter(about.places), None), True)
