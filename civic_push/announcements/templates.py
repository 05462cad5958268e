"""Recurring texts with fields to be filled in: `{{Straße}}`."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from importlib.resources import files
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from civic_push.announcements.writing_models import AnnouncementTemplate
from subscriptions.models import Topic

_FIELD = re.compile(r"\{\{\s*([^{}\n]{1,60}?)\s*\}\}")


def fields(*texts: str) -> list[str]:
    """The names of the fields in texts, each once, in the order of reading."""
    return list(dict.fromkeys(name for text in texts for name in _FIELD.findall(text)))


def fill(text: str, values: Mapping[str, str]) -> str:
    """A text with its fields filled in; a field without a value stays."""
    return _FIELD.sub(lambda found: values.get(found[1]) or found[0], text)


def fill_all(content: Mapping[str, Any], values: Mapping[str, str]) -> dict[str, Any]:
    """A template's content with the fields of all its texts filled in."""
    return {name: fill(value, values) if isinstance(value, str) else value
            for name, value in content.items()}


def asked_for(content: Mapping[str, Any]) -> list[str]:
    """The fields of a template's content."""
    return fields(*(value for value in content.values() if isinstance(value, str)))


def known(session: Session) -> list[AnnouncementTemplate]:
    """All templates by name."""
    return list(session.scalars(select(AnnouncementTemplate)
                                .order_by(func.lower(AnnouncementTemplate.name))))


def seed(session: Session) -> None:
    """Add the first templates where there is none yet. Does not commit."""
    if session.scalar(select(func.count()).select_from(AnnouncementTemplate)):
        return
    by_slug = {topic.slug: topic.id for topic in session.scalars(select(Topic))}
    session.add_all(AnnouncementTemplate(name=name, content=content)
                    for name, content in _shipped(by_slug))


def _shipped(by_slug: Mapping[str, int]) -> Iterable[tuple[str, dict[str, Any]]]:
    text = files("civic_push").joinpath("data", "announcement_templates.json").read_text("utf-8")
    for row in json.loads(text):
        name, slugs = row.pop("name"), row.pop("topics")
        yield name, {**row, "topics": [by_slug[slug] for slug in slugs if slug in by_slug]}
