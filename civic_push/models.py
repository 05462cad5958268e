"""All tables, imported once, so that migrations and relationships see them."""

from civic_push.announcements.models import Announcement, AnnouncementText
from civic_push.delivery.models import ChannelPause, Delivery
from civic_push.intake.models import Item, Source
from civic_push.staff.models import Role, Staff
from subscriptions.models import (
    Consent,
    Contact,
    Neighbourhood,
    Subscriber,
    Subscription,
    Topic,
)

__all__ = [
    "Announcement", "AnnouncementText", "ChannelPause", "Consent", "Contact", "Delivery",
    "Item", "Neighbourhood", "Role", "Source", "Staff", "Subscriber", "Subscription", "Topic",
]
