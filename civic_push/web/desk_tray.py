"""The tray: what came from sources and waits for an editor."""

from __future__ import annotations

from collections.abc import Collection

from flask import render_template
from sqlalchemy import select
from sqlalchemy.orm import joinedload

from civic_push.announcements import listing
from civic_push.announcements.models import AnnouncementState
from civic_push.db import db
from civic_push.intake.models import Item
from civic_push.staff.roles import Can
from civic_push.web.desk_frame import desk, needs, page_number


@desk.get("/eingang")
@needs(Can.READ)
def tray() -> str:
    """What sources brought, newest first, in their own words."""
    page = listing.page(db.session(), AnnouncementState.WAITING, page_number())
    return render_template("desk/tray.html", page=page,
                           items=_items([a.id for a in page.rows]))


def _items(announcement_ids: Collection[int]) -> dict[int, Item]:
    """The items behind announcements, with their sources."""
    if not announcement_ids:
        return {}
    rows = db.session.scalars(
        select(Item).where(Item.announcement_id.in_(announcement_ids))
        .options(joinedload(Item.source)))
    return {row.announcement_id: row for row in rows if row.announcement_id is not None}
