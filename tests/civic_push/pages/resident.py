"""A resident with a browser without JavaScript: opens pages, fills in the forms that really
stand there, presses their buttons."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from html.parser import HTMLParser

from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from civic_push.db import db


@dataclass
class Form:
    """A form as a browser would send it: its fields with what is entered or chosen."""

    action: str
    method: str
    values: dict[str, list[str]] = field(default_factory=dict)
    ticks: dict[str, list[str]] = field(default_factory=dict)  # what could be ticked
    fields: set[str] = field(default_factory=set)


class _Reader(HTMLParser):
    def __init__(self, path: str) -> None:
        super().__init__()
        self.path, self.forms, self.select = path, [], ""  # type: ignore[var-annotated]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        a = {name: value or "" for name, value in attrs}
        if tag == "form":
            self.forms.append(Form(a.get("action") or self.path, a.get("method", "get")))
        elif self.forms and tag == "input":
            self._input(a)
        elif self.forms and tag == "textarea":
            self.forms[-1].fields.add(a["name"])
        elif self.forms and tag == "select":
            self.select = a["name"]
            self.forms[-1].fields.add(a["name"])
        elif self.forms and tag == "option" and (
                "selected" in a or self.select not in self.forms[-1].values):
            self.forms[-1].values[self.select] = [a.get("value", "")]

    def _input(self, a: dict[str, str]) -> None:
        form, name, value = self.forms[-1], a["name"], a.get("value", "")
        form.fields.add(name)
        if a.get("type") in ("checkbox", "radio"):
            form.ticks.setdefault(name, []).append(value)
            if "checked" in a:
                form.values.setdefault(name, []).append(value)
        else:
            form.values[name] = [value]


class Resident:
    """One visitor with cookies of their own."""

    def __init__(self, client: FlaskClient) -> None:
        self.client = client
        self.page: TestResponse | None = None

    def open(self, path: str, *, method: str = "GET", follow: bool = True, **kwargs: object
             ) -> TestResponse:
        """Go to a page, following redirects."""
        return self._request(method, path, follow, **kwargs)

    def press(self, action: str, *, follow: bool = True, **entered: str | list[str] | None
              ) -> TestResponse:
        """Send the form on the present page whose address begins with `action`, with
        `entered` typed, chosen or ticked (None: left empty). A field or choice that is not
        on the page is a mistake, but for buttons (`was`, `kontakt`, `sprache`)."""
        form = next(f for f in self.forms() if f.action.startswith(action)
                    and ("csrf_token" in f.fields or f.method == "get" or "weiter" in f.fields))
        data = dict(form.values)
        for name, value in entered.items():
            chosen = [] if value is None else [value] if isinstance(value, str) else value
            if name in form.ticks:
                assert set(chosen) <= set(form.ticks[name]), f"{name} has no {chosen}"
            elif name not in ("was", "kontakt", "sprache"):
                assert name in form.fields, f"there is no field {name}"
            data[name] = chosen
        if form.method == "get":
            return self._request("GET", form.action.partition("#")[0], follow, query_string=data)
        return self._request(form.method.upper(), form.action, follow, data=data)

    def forms(self) -> list[Form]:
        """All forms of the present page."""
        assert self.page is not None
        reader = _Reader(self.page.request.path)
        reader.feed(self.page.text)
        return reader.forms

    def error_at(self, name: str) -> str:
        """The sentence that stands at a field."""
        assert self.page is not None
        found = re.search(rf'id="{name}-fehler">.*?<span class="kern-body">(.*?)</span>',
                          self.page.text, re.DOTALL)
        return found[1] if found else ""

    def _request(self, method: str, path: str, follow: bool, **kwargs: object) -> TestResponse:
        db.session.commit()  # SQLite has one writer: the test's own session must not hold on
        # a context of its own: Flask-Babel and Flask-WTF keep what they know there
        with self.client.application.app_context():
            page: TestResponse = self.client.open(
                path, method=method, follow_redirects=follow, buffered=True,
                **kwargs)  # type: ignore[arg-type]
        self.page = page
        return page


def without_tokens(page: str) -> str:
    """A page without what differs on every load (tokens), to compare two answers."""
    return re.sub(r'(name="(?:csrf_token|gezeigt)" value=|data-token=)"[^"]*"', r"\1", page)
