"""Barriers that residents reported: kept until answered, and half a year longer."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import delete, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from civic_push.legal.models import BarrierReport, ReportKind
from subscriptions.seals import Seals

KEPT = timedelta(days=180)  # after the answer: as long as one may turn to the Ombudsstelle
SHOWN = 200  # reports on the desk's page
_CONTEXT = "report"  # what seals of reply addresses are bound to


def receive(session: Session, seals: Seals, *, kind: ReportKind, page: str, message: str,
            reply_to: str, language: str, form: str, now: datetime) -> bool:
    """Store a report. `form` is what only this showing of the form carries: False where the
    same has come from it before (a button pressed twice). Does not commit."""
    seal = hashlib.sha256(f"{form}\n{message}".encode()).hexdigest()
    try:
        with session.begin_nested():
            session.add(BarrierReport(
                kind=kind, page=page, message=message, language=language, seal=seal,
                created_at=now, reply_to=seals.seal(_CONTEXT, reply_to) if reply_to else None))
    except IntegrityError:
        return False
    return True


def latest(session: Session) -> Sequence[BarrierReport]:
    """What waits for an answer, oldest first; then what has got one, newest first."""
    waiting = session.scalars(select(BarrierReport).where(BarrierReport.answered_at.is_(None))
                              .order_by(BarrierReport.id).limit(SHOWN)).all()
    done = session.scalars(select(BarrierReport).where(BarrierReport.answered_at.is_not(None))
                           .order_by(BarrierReport.answered_at.desc()).limit(SHOWN)).all()
    return [*waiting, *done]


def reply_address(seals: Seals, report: BarrierReport) -> str:
    """Where the answer goes; "" where none was asked for. Raises UnreadableAddress."""
    return seals.open(_CONTEXT, report.reply_to) if report.reply_to else ""


def forget_answered(session: Session, now: datetime) -> None:
    """Delete what was answered long ago. Does not commit."""
    session.execute(delete(BarrierReport).where(BarrierReport.answered_at < now - KEPT))
