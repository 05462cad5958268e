"""How long answers to requests with an Idempotency-Key are kept."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import delete
from sqlalchemy.orm import Session

from civic_push.integrations.models import GivenAnswer

KEPT = timedelta(days=1)


def forget_old(session: Session, now: datetime) -> None:
    """Remove what has been kept long enough. The clock does it; the caller commits."""
    session.execute(delete(GivenAnswer).where(GivenAnswer.created_at <= now - KEPT))
