"""What every installation starts with: Detmold's 27 Ortsteile, a dozen topics, templates."""

from __future__ import annotations

import csv
from importlib.resources import files

from sqlalchemy import select
from sqlalchemy.orm import Session

from civic_push.announcements import templates
from subscriptions.models import Neighbourhood, Topic


def seed(session: Session) -> tuple[int, int]:
    """Add the Ortsteile and topics that are missing, found by their slug; what an editor
    has changed stays; and templates, where there are none. Return how many Ortsteile and topics
    were added. Does not commit."""
    added = _add_neighbourhoods(session), _add_topics(session)
    templates.seed(session)
    return added


def rows(name: str) -> list[dict[str, str]]:
    """The rows of a file in civic_push/data, by column."""
    text = files("civic_push").joinpath("data", name).read_text(encoding="utf-8")
    return list(csv.DictReader(text.splitlines()))


def _add_neighbourhoods(session: Session) -> int:
    known = set(session.scalars(select(Neighbourhood.slug)))
    new = [Neighbourhood(**row) for row in rows("ortsteile.csv") if row["slug"] not in known]
    session.add_all(new)
    session.flush()
    return len(new)


def _add_topics(session: Session) -> int:
    known = set(session.scalars(select(Topic.slug)))
    said = _translations("topics_translated.csv")
    new = [Topic(position=place, translations=said[row["slug"]], **row)
           for place, row in enumerate(rows("topics.csv"), start=1) if row["slug"] not in known]
    session.add_all(new)
    session.flush()
    return len(new)


def _translations(name: str) -> dict[str, dict[str, dict[str, str]]]:
    """What a file says in other languages: slug → language → column → words."""
    found: dict[str, dict[str, dict[str, str]]] = {}
    for row in rows(name):
        slug, language = row.pop("slug"), row.pop("language")
        found.setdefault(slug, {})[language] = row
    return found
