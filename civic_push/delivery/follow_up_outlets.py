"""The public places that get a follow-up: those that got what it follows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from channels.outlet import wants
from civic_push.announcements.models import Announcement, AnnouncementKind
from civic_push.config import OutletSetting, settings
from civic_push.delivery import cutting_off
from civic_push.delivery.audiences import GOT
from civic_push.delivery.fan_out import lane_of
from civic_push.delivery.holding import lane_prefix
from civic_push.delivery.models import Delivery, Purpose, State


def write_outlets(session: Session, announcement: Announcement,
                  chain: Sequence[Announcement]) -> None:
    """One delivery for each outlet that must hear of this and has none of it yet."""
    earlier: dict[str, list[Delivery]] = {}
    for delivery in session.scalars(
            select(Delivery).where(
                Delivery.announcement_id.in_([*(a.id for a in chain), announcement.id]),
                Delivery.outlet.is_not(None)).order_by(Delivery.id)):
        earlier.setdefault(str(delivery.outlet), []).append(delivery)
    lane = lane_prefix(session, announcement.id) + lane_of(announcement.urgency)
    rows = []
    for outlet in settings().outlets:
        known = earlier.get(outlet.name, [])
        got = [d.id for d in known if d.state in GOT]
        done = any(d.announcement_id == announcement.id or d.state == State.WAITING
                   for d in known)
        if not done and (got or _as_first(announcement, chain, outlet, known)):
            rows.append(_row(announcement, lane, outlet.name, got[-1] if got else None))
    if rows:
        session.execute(insert(Delivery), rows)


def _as_first(announcement: Announcement, chain: Sequence[Announcement],
              outlet: OutletSetting, known: Sequence[Delivery]) -> bool:
    """Whether an outlet that has heard nothing wants a correction: it was cut off, or the
    correction's wider scope concerns it."""
    if announcement.kind != AnnouncementKind.CORRECTION or not _wants(outlet, announcement):
        return False
    if known:
        return all(d.error in (cutting_off.REPLACED, cutting_off.STOPPED) for d in known)
    return not any(_wants(outlet, a) for a in chain)


def _wants(outlet: OutletSetting, announcement: Announcement) -> bool:
    return wants(asdict(outlet), [t.slug for t in announcement.topics],
                 [n.slug for n in announcement.neighbourhoods])


def _row(announcement: Announcement, lane: str, outlet: str, follows_id: int | None
         ) -> dict[str, object]:
    return {"announcement_id": announcement.id, "outlet": outlet, "channel": "outlet",
            "purpose": Purpose.ANNOUNCEMENT, "lane": lane,
            "state": State.WAITING, "due_at": announcement.published_at, "attempts": 0,
            "parts": 0, "expires_at": announcement.expires_at,
            "created_at": announcement.published_at, "follows_id": follows_id}
