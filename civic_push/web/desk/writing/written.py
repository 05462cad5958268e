"""What was typed into the editors' write form. Everything is kept as it was typed, so that no
mistake costs an editor his text."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from typing import Any

from werkzeug.datastructures import MultiDict

from channels.base import Urgency
from civic_push.announcements.cleaning import cleaned, without_tracking
from civic_push.languages import LANGUAGES
from civic_push.web.forms import Typed

TITLE_LENGTH = 300  # as the column
BODY_LENGTH = 20_000
SHORT_LENGTH = 300
LINK_LENGTH = 2_000
ADDRESS_LENGTH = REVIEWER_LENGTH = 200  # as the columns
CHANGE_LENGTH = 300
TOWN, PLACES = "town", "places"
OTHERS = tuple(code for code in LANGUAGES if code != "de")
"""The languages besides German, in the order of the form."""
PARTS = ("change", "title", "body", "short")
"""What a translation has; its fields are called "title-en"."""
LENGTHS = {"change": CHANGE_LENGTH, "plain_change": CHANGE_LENGTH,
           "title": TITLE_LENGTH, "body": BODY_LENGTH, "short": SHORT_LENGTH,
           "plain_title": TITLE_LENGTH, "plain_body": BODY_LENGTH,
           "plain_short": SHORT_LENGTH, "reviewer": REVIEWER_LENGTH,
           "address": ADDRESS_LENGTH, "coordinates": ADDRESS_LENGTH, "link": LINK_LENGTH}
MARKDOWN = ("body", "plain_body")
TIMES = ("starts", "ends", "expires")
LINES = ("change", "plain_change")
"""What is one line however it was typed."""
ASIDE = ("copied", "picture", "checked")
"""What is not said by the announcement: no part of its seal."""


@dataclass(slots=True)
class Written:
    """The form's fields as they were typed. `where` is TOWN, PLACES or "" (not chosen); times
    are local as the fields give them; `translations` hold what has something in it. `change` is
    a follow-up's: what is different from what it follows, or why that is withdrawn. `copied` is
    what a new one is a copy of, by id (0: none); `picture` is "ja" if its picture comes along.
    `checked` are the languages whose translation is still right though the German has changed."""

    change: str = ""
    plain_change: str = ""
    title: str = ""
    body: str = ""
    short: str = ""
    plain_title: str = ""
    plain_body: str = ""
    plain_short: str = ""
    reviewer: str = ""
    translations: dict[str, dict[str, str]] = field(default_factory=dict)
    where: str = ""
    places: list[int] = field(default_factory=list)
    topics: list[int] = field(default_factory=list)
    urgency: str = Urgency.INFO
    expires: str = ""
    link: str = ""
    starts: str = ""
    ends: str = ""
    address: str = ""
    coordinates: str = ""
    copied: int = 0
    picture: str = ""
    checked: list[str] = field(default_factory=list)

    @property
    def neighbourhoods(self) -> list[int]:
        """The Ortsteile it is for; none for the whole town."""
        return self.places if self.where == PLACES else []

    @property
    def content(self) -> dict[str, Any]:
        """What the announcement says, as its versions keep it."""
        return {name: value for name, value in asdict(self).items() if name not in ASIDE}

    @property
    def seal(self) -> str:
        """The same for the same content: shows whether somebody changed it meanwhile."""
        text = json.dumps(self.content, sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()[:16]

    def texts(self) -> dict[str, str]:
        """Every field that holds words, translations too, by its name in the form."""
        said: dict[str, str] = {name: getattr(self, name) for name in LENGTHS}
        return said | {f"{part}-{language}": words.get(part, "")
                       for language, words in self.translations.items() for part in PARTS}

    def holds(self, name: str) -> bool:
        """Whether something was entered into this field."""
        texts = self.texts()
        return bool(texts[name] if name in texts else getattr(self, name, ""))


FIELDS = tuple(f.name for f in fields(Written))


def read(form: MultiDict[str, str]) -> Written:
    """What a browser sent. Line ends become \\n; control characters (which PostgreSQL
    refuses), outer blanks, HTML in Markdown and what links follow readers with go."""
    texts = {name: clean(form.get(name, "")) for name in LENGTHS}
    for name in MARKDOWN:
        texts[name] = cleaned(texts[name])
    texts |= {name: line(texts[name]) for name in LINES}
    texts["link"] = without_tracking(texts["link"])
    places = _numbers(form, "places")
    return Written(
        # who ticks Ortsteile, and neither, means these
        **texts, where=form.get("where") or (PLACES if places else ""), places=places,
        topics=_numbers(form, "topics"), urgency=form.get("urgency", ""),
        translations=_translations(form), picture="ja" if form.get("picture") == "ja" else "",
        copied=next(iter(_numbers(form, "copied")), 0),
        checked=[language for language in OTHERS if language in form.getlist("checked")],
        **{name: form.get(name, "").strip() for name in TIMES})


def stored(content: Mapping[str, Any]) -> Written:
    """What was kept of a form earlier, perhaps before it had all of today's fields."""
    return Written(**{name: value for name, value in content.items() if name in FIELDS})


def typed(written: Written, errors: Mapping[str, str]) -> Typed:
    """The form's fields for the templates' macros, errors in the order of the page."""
    values = MultiDict[str, str](written.texts())
    for name in FIELDS:
        value = getattr(written, name)
        if isinstance(value, list):
            values.setlist(name, [str(v) for v in value])
        elif isinstance(value, str | int):
            values[name] = value if isinstance(value, str) else str(value)
    shown = Typed(values)
    shown.errors = {name: errors[name] for name in _in_order() if name in errors}
    return shown


def clean(text: str) -> str:
    """A typed text with \\n for line ends, without control characters and outer blanks."""
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    return "".join(c for c in text if c in "\n\t" or ord(c) >= 32).strip()


def line(text: str) -> str:
    """A typed text as one line."""
    return " ".join(clean(text).split())


def _in_order() -> list[str]:
    """The names of all fields in the order of the page."""
    names: list[str] = []
    for name in FIELDS:
        names += ([f"{part}-{language}" for language in OTHERS for part in PARTS]
                  if name == "translations" else [name])
    return names


def _translations(form: MultiDict[str, str]) -> dict[str, dict[str, str]]:
    found = {}
    for language in OTHERS:
        said = {part: clean(form.get(f"{part}-{language}", "")) for part in PARTS}
        said |= {"body": cleaned(said["body"]), "change": line(said["change"])}
        if any(said.values()):
            found[language] = said
    return found


def _numbers(form: MultiDict[str, str], name: str) -> list[int]:
    # more digits are no id of ours and would not fit the database's integers
    return sorted({int(text) for text in form.getlist(name)
                   if text.isascii() and text.isdigit() and len(text) < 10})
