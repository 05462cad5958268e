"""All tables, imported once, so that migrations and relationships see them."""

from civic_push.announcements.approval_models import ApprovalStep
from civic_push.announcements.image_models import AnnouncementImage
from civic_push.announcements.models import Announcement, AnnouncementText
from civic_push.announcements.writing_models import (
    AnnouncementTemplate,
    AnnouncementVersion,
    UnsavedText,
)
from civic_push.delivery.models import ChannelHour, ChannelPause, Delivery, Trial
from civic_push.delivery.pause_models import AnnouncementPause
from civic_push.intake.models import Item, Source
from civic_push.integrations.models import (
    Client,
    GivenAnswer,
    Webhook,
    WebhookCall,
)
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
    "Announcement", "AnnouncementImage", "AnnouncementPause",
    "AnnouncementTemplate", "AnnouncementText",
    "AnnouncementVersion",
    "ApprovalStep",
    "BarrierReport", "ChannelHour", "ChannelPause", "Client", "Consent",
    "Contact", "Delivery", "DeskSession", "GivenAnswer", "Item", "LegalText",
    "Neighbourhood", "Passkey", "RecoveryCode",
    "Role", "Source", "Staff", "Subscriber", "Subscription", "Topic", "TrailEntry",
    "Trial",
    "UnsavedText", "Webhook", "WebhookCall",
]
