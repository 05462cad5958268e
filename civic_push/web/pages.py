"""What all pages share, and the residents' pages themselves."""

from __future__ import annotations

import hashlib
from functools import lru_cache
from pathlib import Path
from typing import Any

from flask import Flask

from civic_push.web import (
    confirming,
    embed,
    errors,
    feedback,
    feeds,
    inbox,
    language,
    leaving,
    links,
    monitoring,
    own_contacts,
    own_data,
    own_history,
    pictures,
    places,
    preferences,
    prints,
    protection,
    public,
    push,
    short_links,
    signup,
    sms_inbound,
)


def init_pages(app: Flask) -> None:
    """Join protection, language, error pages and the residents' pages to the app."""
    protection.init_protection(app)
    language.init_language(app)
    errors.init_errors(app)
    _version_static_files(app)
    settings = app.extensions["civic_push_settings"]
    app.context_processor(lambda: {"settings": settings, "push_key": push.public_key})
    for module in (public, places, feeds, embed, prints, signup, confirming, leaving, preferences,
                   own_contacts, own_data, own_history, push,
                   feedback, inbox, short_links, sms_inbound, monitoring, pictures):
        app.register_blueprint(module.pages)
    pictures.init_pictures(app)
    app.register_error_handler(links.LinkTrouble, links.show_trouble)


def _version_static_files(app: Flask) -> None:
    """Let browsers keep static files, and fetch them anew when their content changes."""
    app.config["SEND_FILE_MAX_AGE_DEFAULT"] = 86_400
    folder = Path(app.static_folder or "")

    @app.url_defaults
    def add_version(endpoint: str, values: dict[str, Any]) -> None:
        path = folder / str(values.get("filename"))
        if endpoint == "static" and path.is_file():
            values.setdefault("v", _digest(path, path.stat().st_mtime_ns))


@lru_cache(maxsize=200)
def _digest(path: Path, _changed: int) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()[:10]
