"""What an SMS will say and cost, known at the desk before any is sent."""

from __future__ import annotations

from typing import NamedTuple

from flask_babel import force_locale

from channels import sms
from channels.base import Message
from civic_push.announcements.models import AnnouncementText
from civic_push.config import Settings
from civic_push.delivery.compose import said
from civic_push.languages import locale_of
from subscriptions.tokens import LENGTH

SAMPLE = ("Beispiel" * 5)[:LENGTH]
"""Stands for a link's token in what is shown and counted before it is sent: as long as a real
one."""


class SmsPreview(NamedTuple):
    """One wording as an SMS."""

    text: str
    segments: int
    encoding: str  # "GSM-7" or "UCS-2"
    whole: bool  # False: it was cut at the operator's limit
    cents: float  # for one recipient; 0 where the operator has not said what a segment costs


def sms_preview(settings: Settings, text: AnnouncementText) -> SmsPreview:
    """How readers of this wording get it as an SMS. Links and hints are counted; the
    announcement must have its id."""
    with force_locale(locale_of(text.language, text.register)):
        message = said(settings, text.announcement, text.language, text.register)
    return message_preview(settings, message)


def message_preview(settings: Settings, message: Message) -> SmsPreview:
    """A message as the SMS it will be."""
    seen = sms.preview(message, settings.sms_max_segments,
                       f"{settings.public_url}/abmelden/{SAMPLE}")
    return SmsPreview(*seen, cents=seen.segments * settings.sms_segment_cents)
