"""The editors' desk. Each of these modules adds its pages to the one blueprint:

overview      what there is to do, and the lists
write         the form, its preview, and publishing
tray          what sources brought
deliveries    one announcement, and what becomes of its deliveries
sign_in       limits on guessing passwords
"""

from __future__ import annotations

from flask import Flask

from civic_push.web import (  # noqa: F401  # imported for their routes
    desk_deliveries,
    desk_overview,
    desk_sign_in,
    desk_tray,
    desk_write,
)
from civic_push.web.desk_frame import desk


def init_desk(app: Flask) -> None:
    """Add the desk's pages to the app. Call it after `init_pages` and `init_security`."""
    app.register_blueprint(desk)
    desk_sign_in.init_sign_in(app)
