"""Joining the API to the app."""

from __future__ import annotations

from flask import Flask

from civic_push.web.api import (  # noqa: F401  # imported for their operations
    announcements,
    directory,
    document,
    following,
    once,
    releasing,
    sources,
)
from civic_push.web.api.frame import api


def init_api(app: Flask) -> None:
    """Add the API and its description. Call it after `init_pages`."""
    app.register_blueprint(api)
    app.register_blueprint(document.pages)
