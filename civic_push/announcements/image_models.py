"""The picture of an announcement. The file itself lies in var_dir, under its content's hash."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import ForeignKey, String, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from civic_push.db import Base, BigId


class AnnouncementImage(Base):
    """Which picture stands above an announcement's text, and what it shows in words."""

    __tablename__ = "announcement_image"

    announcement_id: Mapped[int] = mapped_column(
        BigId, ForeignKey("announcement.id", ondelete="CASCADE"), primary_key=True,
        autoincrement=False)
    digest: Mapped[str] = mapped_column(String(64), index=True)  # SHA-256 of the stored bytes
    kind: Mapped[str] = mapped_column(String(4))  # "jpeg", "png" or "webp"
    width: Mapped[int]
    height: Mapped[int]
    alt: Mapped[str] = mapped_column(String(500))  # never empty

    def copy_for(self, announcement_id: int) -> AnnouncementImage:
        """The same picture for another announcement, in no session; both show one file."""
        return AnnouncementImage(
            announcement_id=announcement_id, digest=self.digest, kind=self.kind,
            width=self.width, height=self.height, alt=self.alt)


def images_of(session: Session, announcement_ids: Collection[int]
              ) -> dict[int, AnnouncementImage]:
    """The pictures of these announcements, by the announcement's id."""
    if not announcement_ids:
        return {}
    return {row.announcement_id: row for row in session.scalars(
        select(AnnouncementImage)
        .where(AnnouncementImage.announcement_id.in_(announcement_ids)))}
