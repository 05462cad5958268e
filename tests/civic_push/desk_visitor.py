"""A browser without JavaScript: reads the form's token from a page, then presses a button."""

from __future__ import annotations

import re
from html import unescape
from typing import Any

from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from civic_push.db import db


class Visitor:
    """One visitor with cookies. Each request gets an app context of its own, as in a server:
    Flask-Login, Flask-Babel and Flask-WTF keep what they know about a visitor there."""

    def __init__(self, client: FlaskClient) -> None:
        self.client = client

    def get(self, path: str) -> TestResponse:
        """Open a page."""
        return self._open("GET", path)

    def post(self, path: str, **data: Any) -> TestResponse:
        """Send a form."""
        return self._open("POST", path, data)

    def read(self, path: str) -> str:
        """The text of a page that must be there."""
        answer = self.get(path)
        assert answer.status_code == 200, answer.text
        return unescape(answer.text)

    def press(self, page: str, to: str | None = None, **data: Any) -> TestResponse:
        """Open `page` and send its form (hidden fields included) with `data`, to `to`."""
        return self.post(to or page, **{**hidden(self.get(page).text), **data})

    def _open(self, method: str, path: str, data: dict[str, Any] | None = None) -> TestResponse:
        db.session.commit()  # SQLite has one writer: the test's own session must not hold on
        with self.client.application.app_context():
            return self.client.open(path, method=method, data=data)


def hidden(page: str) -> dict[str, str]:
    """The hidden fields of a page's last form that has a token."""
    found: dict[str, str] = {}
    for tag in re.findall(r'<input[^>]*type="hidden"[^>]*>', page):
        name, value = re.search(r'name="([^"]*)"', tag), re.search(r'value="([^"]*)"', tag)
        if name and name[1] in ("csrf_token", "seal", "seite", "next", "form", "copied"):
            found[name[1]] = unescape(value[1]) if value else ""
    return found
