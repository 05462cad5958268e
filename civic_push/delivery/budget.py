"""What a channel may cost: SMS segments a month."""

from __future__ import annotations

from datetime import UTC, datetime

from sqlalchemy.orm import Session

from civic_push.config import Settings
from civic_push.delivery.ledger import parts_since
from subscriptions.timing import TOWN_TIME


def spent_until(session: Session, channel: str, settings: Settings, now: datetime
                ) -> datetime | None:
    """When the next month begins, if this month's budget is spent; None while it is not."""
    if channel != "sms" or not settings.sms_monthly_cap:
        return None
    local = now.astimezone(TOWN_TIME)
    begins = local.replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    if parts_since(session, channel, begins.astimezone(UTC)) < settings.sms_monthly_cap:
        return None
    year, month = divmod(begins.year * 12 + begins.month, 12)
    return datetime(year, month + 1, 1, tzinfo=TOWN_TIME).astimezone(UTC)
