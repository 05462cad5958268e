"""The tray: what came from sources and waits for an editor."""

from __future__ import annotations

from collections.abc import Sequence

from flask import render_template
from sqlalchemy import select
from sqlalchemy.orm import joinedload

from civic_push.announcements import listing
from civic_push.announcements.models import Announcement, AnnouncementState
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
                           items=_items(page.rows))


def _items(announcements: Sequence[Announcement]) -> dict[int, Item]:
    """The items behind announcements (a correction's is its original's), with their
    sources."""
    if not announcements:
        return {}
    rows = db.session.scalars(
        select(Item).where(Item.announcement_id.in_({a.chain_id for a in announcements}))
        .options(joinedload(Item.source)))
    found = {row.announcement_id: row for row in rows}
    return {a.id: found[a.chain_id] for a in announcements if a.chain_id in found}
