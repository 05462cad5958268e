"""The bells: what is done every few seconds, every minute, every hour.

Each bell is safe to ring twice and by several clocks; none does work that takes long,
jobs do that.
"""

from __future__ import annotations

from datetime import datetime

import structlog

from civic_push import tasks
from civic_push.announcements import scheduling
from civic_push.config import settings
from civic_push.db import db
from civic_push.delivery import budget, health, holding, pauses
from civic_push.delivery.endings import finish_goodbyes, forget_letters
from civic_push.delivery.sweep import end_stale, sweep
from civic_push.intake.checking import ring_due
from civic_push.integrations import answers, calling, webhooks
from civic_push.legal.reports import forget_answered
from civic_push.staff import sessions, trail
from subscriptions.leaving import part_proofs
from subscriptions.vanishing import vanish_unconfirmed

log = structlog.get_logger()


def tick(now: datetime) -> None:
    """Ring every bell whose time has come."""
    scheduling.publish_due(db.session(), now)
    sweep(now)
    if tasks.first_in("hold", 10):
        holding.settle_all(db.session())
    if tasks.first_in("webhooks", 5):
        calling.ring(now)
    if tasks.first_in("minute", 60):
        ring_due(now)
        end_stale(now)
        finish_goodbyes(db.session(), now)
        pauses.end_held(db.session(), now)
        budget.reopen(db.session(), settings(), now)
        db.session().commit()
    if tasks.first_in("hour", 3600):
        vanish_unconfirmed(db.session(), now)
        forget_answered(db.session(), now)
        forget_letters(db.session(), now)
        sessions.forget_ended(db.session(), now)
        answers.forget_old(db.session(), now)
        webhooks.forget_old(db.session(), now)
        db.session().commit()
    if tasks.first_in("day", 86_400):
        # kept in the log, where whoever changes the trail does not reach it
        log.info("audit trail", last_hash=trail.last_hash(db.session()))
        part_proofs(db.session(), settings().consent_years, now)
        db.session().commit()
    health.note_tick(now)
