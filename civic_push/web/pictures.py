"""Announcements' pictures, from our own host, under an address that changes with the content."""

from __future__ import annotations

from flask import Blueprint, Flask, abort, request
from sqlalchemy import exists, select
from werkzeug.wrappers import Response

from civic_push.announcements.image_models import AnnouncementImage
from civic_push.announcements.images import path_of
from civic_push.announcements.models import Announcement, AnnouncementState
from civic_push.config import settings
from civic_push.db import db

pages = Blueprint("pictures", __name__)

YEAR = 31_536_000  # seconds


def init_pictures(app: Flask) -> None:
    """Let all templates ask for an announcement's picture."""
    app.add_template_global(image_of)


def image_of(announcement: Announcement) -> AnnouncementImage | None:
    """The picture of an announcement, if it has one."""
    return db.session.get(AnnouncementImage, announcement.id)


@pages.get("/bilder/<digest>.<any(jpeg, png, webp):kind>")
def show(digest: str, kind: str) -> Response:
    """A picture of something published."""
    published = select(exists().where(
        AnnouncementImage.digest == digest, AnnouncementImage.kind == kind,
        Announcement.id == AnnouncementImage.announcement_id,
        Announcement.state == AnnouncementState.PUBLISHED))
    if not db.session.scalar(published):
        abort(404)
    return sent(digest, kind, f"public, max-age={YEAR}, immutable")


def sent(digest: str, kind: str, cache: str) -> Response:
    """A stored picture; 404 where its file is gone."""
    try:
        content = path_of(settings().var, digest, kind).read_bytes()  # images.MOST_BYTES at most
    except FileNotFoundError:
        abort(404)
    answer = Response(content, mimetype=f"image/{kind}")
    answer.headers["Cache-Control"] = cache
    answer.set_etag(digest)
    return answer.make_conditional(request)
