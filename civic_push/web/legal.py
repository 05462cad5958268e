"""Imprint, privacy notice and accessibility statement, as pages show them."""

from __future__ import annotations

from flask import render_template
from markupsafe import Markup

from channels.base import direction_of
from civic_push.config import settings
from civic_push.db import db
from civic_push.legal import texts
from civic_push.web.language import CHOICES, PLAIN, _, language, register
from civic_push.wording.markdown import to_html
from subscriptions.models import Register


def page(name: str) -> str:
    """One of texts.REQUIRED as a page, in the wording that comes closest to the page's."""
    wanted = PLAIN if register() == Register.PLAIN else language()
    found = texts.current(db.session(), name, (wanted, language()))
    spoken = "de" if found.wording == PLAIN else found.wording
    return render_template(
        "legal.html", title=titles()[name], body=html(found.body), spoken=spoken,
        text_direction=direction_of(spoken),
        elsewhere=_elsewhere(name) if spoken != language() else {})


def titles() -> dict[str, str]:
    """What the texts are called."""
    return {"imprint": _("Impressum"), "privacy": _("Datenschutz"),
            "accessibility": _("Barrierefreiheit")}


def html(body: str) -> Markup:
    """A text's Markdown as safe HTML, its placeholders filled in."""
    return Markup(to_html(texts.filled(body, settings())))  # noqa: S704  to_html makes it safe


def _elsewhere(name: str) -> dict[str, str]:
    """The wordings there are of a text, for readers of a language that has none."""
    return {code: words for code, words in CHOICES.items()
            if texts.exact(db.session(), name, code).body}
