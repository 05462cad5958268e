"""What a channel may cost: SMS segments a month."""

from __future__ import annotations

from datetime import UTC, datetime

from sqlalchemy import delete
from sqlalchemy.orm import Session

from civic_push.config import Settings
from civic_push.delivery.ledger import parts_since
from civic_push.delivery.models import ChannelPause
from subscriptions.timing import TOWN_TIME

BUDGET = "budget"
"""The reason of a rest until the next month."""


def spent_until(session: Session, channel: str, settings: Settings, now: datetime
                ) -> datetime | None:
    """When the next month begins, if this month's budget is spent; None while it is not."""
    if channel != "sms" or not settings.sms_monthly_cap:
        return None
    if spent_since_first(session, channel, now) < settings.sms_monthly_cap:
        return None
    begins = _month(now)
    year, month = divmod(begins.year * 12 + begins.month, 12)
    return datetime(year, month + 1, 1, tzinfo=TOWN_TIME).astimezone(UTC)


def reopen(session: Session, settings: Settings, now: datetime) -> None:
    """End the rest of a channel whose budget was raised meanwhile. The caller commits."""
    if spent_until(session, "sms", settings, now) is None:
        session.execute(delete(ChannelPause).where(
            ChannelPause.channel == "sms", ChannelPause.reason == BUDGET,
            ChannelPause.held_at.is_(None)))


def spent_since_first(session: Session, channel: str, now: datetime) -> int:
    """Segments that have left since this month began on the town's calendar."""
    return parts_since(session, channel, _month(now).astimezone(UTC))


def _month(now: datetime) -> datetime:
    return now.astimezone(TOWN_TIME).replace(day=1, hour=0, minute=0, second=0, microsecond=0)
