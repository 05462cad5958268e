"""The web app: what a phone's home screen needs, and the pages that work without network."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from flask import Blueprint, current_app, jsonify, render_template, url_for
from werkzeug.wrappers import Response

from civic_push.config import settings
from civic_push.web.language import _, language

pages = Blueprint("inbox", __name__)

_STYLES = ("vendor/kern.min.css", "vendor/fonts.css", "civic.css")
_SCRIPTS = ("device.js", "push.js", "inbox.js")
_PICTURES = ("icons/icon.svg", "icons/icon-192.png", "icons/badge.png")


@pages.get("/posteingang")
def show() -> str:
    """The pushes that came to this device. The page is the same for everybody: a script
    fills it with what the service worker kept."""
    return render_template("inbox.html")


@pages.get("/offline")
def offline() -> str:
    """What the service worker shows where a page cannot be had without network."""
    return render_template("offline.html")


@pages.get("/service-worker.js")
def service_worker() -> Response:
    """The service worker; it stands at the root because its folder is its scope. It begins
    with the list of files to keep: when one of them changes, so does the worker, and
    browsers fetch them anew."""
    script = Path(current_app.static_folder or "", "service-worker.js").read_text("utf-8")
    body = f'"use strict";\nconst SHELL = {json.dumps(_shell())};\n{script}'
    return Response(body, mimetype="text/javascript")


@pages.get("/manifest.webmanifest")
def manifest() -> Response:
    """The web app manifest: iOS shows pushes only to sites on the home screen."""
    response = jsonify({
        "name": _("Meldungen – %(sender)s", sender=settings().sender),
        "short_name": _("Meldungen"),
        "description": _("Meldungen aus Ihrem Ortsteil zu Ihren Themen, auch ohne Internet "
                         "nachzulesen."),
        "lang": language(), "dir": "auto", "id": "/", "start_url": "/posteingang",
        "scope": "/", "display": "standalone", "background_color": "#ffffff",
        "theme_color": "#1a3da5", "categories": ["government", "news"],
        "icons": [_icon("icon-192", 192), _icon("icon-512", 512),
                  _icon("maskable-512", 512, "maskable")],
        "shortcuts": [
            {"name": name, "url": path, "icons": [_icon("icon-192", 192)]} for name, path in (
                (_("Posteingang"), "/posteingang"), (_("Alle Meldungen"), "/meldungen"),
                (_("Einstellungen"), "/einstellungen"))],
        "screenshots": [_screenshot("phone", "780x1688", "narrow"),
                        _screenshot("desktop", "1280x800", "wide")]})
    response.mimetype = "application/manifest+json"
    return response


def _shell() -> list[str]:
    """What the pages without network consist of: the pages first, then their files."""
    files = (*_STYLES, *_SCRIPTS, *_PICTURES, *_fonts())
    return ["/posteingang", "/offline", *(url_for("static", filename=name) for name in files)]


def _fonts() -> list[str]:
    """The fonts of most pages' text. A device's own letters do for the rest."""
    folder = Path(current_app.static_folder or "")
    return sorted(str(path.relative_to(folder))
                  for path in folder.glob("vendor/*-latin-*-normal.woff2")
                  if "latin-ext" not in path.name)


def _icon(name: str, size: int, purpose: str = "any") -> dict[str, Any]:
    return {"src": url_for("static", filename=f"icons/{name}.png"), "sizes": f"{size}x{size}",
            "type": "image/png", "purpose": purpose}


def _screenshot(name: str, sizes: str, form: str) -> dict[str, str]:
    return {"src": url_for("static", filename=f"screenshots/{name}.png"), "sizes": sizes,
            "type": "image/png", "form_factor": form,
            "label": _("Die letzten Meldungen auf diesem Gerät")}
