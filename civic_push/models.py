"""All tables, imported once, so that migrations and relationships see them."""

from civic_push.announcements.models import Announcement, AnnouncementText
from civic_push.delivery.models import ChannelPause, Delivery
from civic_push.intake.models import Item, Source
from civic_push.legal.models import BarrierReport, LegalText
from civic_push.staff.models import (
    DeskSession,
    Passkey,
    RecoveryCode,
    Role,
    Staff,
    TrailEntry,
)
from subscriptions.models import (
    Consent,
    Contact,
    Neighbourhood,
    Subscriber,
    Subscription,
    Topic,
)

__all__ = [
    "Announcement", "AnnouncementText", "BarrierReport", "ChannelPause", "Consent", "Contact",
    "Delivery", "DeskSession", "Item", "LegalText", "Neighbourhood", "Passkey", "RecoveryCode",
    "Role", "Source", "Staff", "Subscriber", "Subscription", "Topic", "TrailEntry",
]
