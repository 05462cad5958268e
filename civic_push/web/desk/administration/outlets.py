"""Outlets, and what is deleted when: both to be read only.

An outlet's address holds its password. It stays in the settings, apart from the database and
its backups; so outlets are changed there, and this page says how.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from flask import render_template
from sqlalchemy import select
from sqlalchemy.orm import Session

from civic_push.announcements.models import Announcement
from civic_push.config import PREFIX, OutletSetting, settings
from civic_push.db import db
from civic_push.delivery.models import Delivery
from civic_push.legal.reports import KEPT
from civic_push.staff import invitations, sessions
from civic_push.staff.roles import Can
from civic_push.web.desk.frame import desk, needs
from subscriptions.models import Neighbourhood, Topic
from subscriptions.vanishing import PENDING_LIFE

_SHOWN = 5  # of an outlet's deliveries


@dataclass(frozen=True, slots=True)
class OutletView:
    """An outlet without its secrets. `unknown` are slugs in its settings that nothing has."""

    name: str
    kind: str  # the scheme of its address: "mastodons"
    topics: Sequence[str]
    places: Sequence[str]
    unknown: Sequence[str]
    last: Sequence[tuple[Delivery, Announcement]]


@desk.get("/ausgaenge")
@needs(Can.ADMINISTER)
def outlets() -> str:
    """The town's public places: what each gets, and what became of the last ones."""
    return render_template("desk/admin_outlets.html", setting=f"{PREFIX}OUTLETS", outlets=[
        _view(db.session(), outlet) for outlet in settings().outlets])


@desk.get("/aufbewahrung")
@needs(Can.ADMINISTER)
def retention() -> str:
    """What is kept for how long; the numbers come from where the deleting is done."""
    return render_template(
        "desk/admin_retention.html", pending=PENDING_LIFE.days, proofs=settings().consent_years,
        reports=KEPT.days, idle=int(sessions.IDLE.total_seconds() // 3600),
        longest=sessions.LONGEST.days, invitation=invitations.LIFE.days,
        expiry=settings().default_expiry_days, prefix=PREFIX)


def _view(session: Session, outlet: OutletSetting) -> OutletView:
    topics = {t.slug: t.name for t in session.scalars(select(Topic))}
    places = {n.slug: n.name for n in session.scalars(select(Neighbourhood))}
    last = session.execute(
        select(Delivery, Announcement)
        .join(Announcement, Announcement.id == Delivery.announcement_id)
        .where(Delivery.channel == "outlet", Delivery.outlet == outlet.name)
        .order_by(Delivery.announcement_id.desc()).limit(_SHOWN)).all()
    return OutletView(
        outlet.name, outlet.url.partition("://")[0],
        [topics[slug] for slug in outlet.topics if slug in topics],
        [places[slug] for slug in outlet.neighbourhoods if slug in places],
        [slug for slug in outlet.topics if slug not in topics]
        + [slug for slug in outlet.neighbourhoods if slug not in places],
        [(delivery, announcement) for delivery, announcement in last])
