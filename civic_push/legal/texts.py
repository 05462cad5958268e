"""Imprint, privacy notice and accessibility statement: the operator's words, or our models.

A wording is a language, or "einfach" for Einfache Sprache. Texts are Markdown; $placeholders
stand for what the settings say.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from string import Template

from sqlalchemy import select
from sqlalchemy.orm import Session

from civic_push.config import Settings
from civic_push.legal.models import LegalText

REQUIRED = {
    "imprint": ("sender",),
    "privacy": ("sender", "settings_url"),
    "accessibility": ("sender", "feedback_url"),
}
"""The texts there are, and the placeholders each must hold."""
PLACEHOLDERS = ("town", "sender", "public_url", "settings_url", "feedback_url")
LONGEST = 50_000  # characters

_MODELS = Path(__file__).parent.parent / "templates" / "legal"


@dataclass(frozen=True, slots=True)
class Text:
    """A text as it holds: in which wording, and since when it is the operator's own (None:
    it is our model)."""

    wording: str
    body: str
    written_at: datetime | None = None


def current(session: Session, name: str, wordings: Sequence[str]) -> Text:
    """What holds of a text, in the first of these wordings that it has; German else."""
    for wording in (*wordings, "de"):
        found = exact(session, name, wording)
        if found.body:
            return found
    raise LookupError(name)


def exact(session: Session, name: str, wording: str) -> Text:
    """What holds in one wording; an empty model where we have none."""
    newest = session.scalar(
        select(LegalText).where(LegalText.name == name, LegalText.wording == wording)
        .order_by(LegalText.id.desc()).limit(1))
    if newest is not None and newest.body:
        return Text(wording, newest.body, newest.written_at)
    return Text(wording, model(name, wording))


def model(name: str, wording: str) -> str:
    """Our model text; "" where there is none in this wording."""
    path = _MODELS / f"{name}.{wording}.md"
    return path.read_text(encoding="utf-8") if path.exists() else ""


def versions(session: Session, name: str, wording: str) -> Sequence[LegalText]:
    """All versions, newest first."""
    return session.scalars(
        select(LegalText).where(LegalText.name == name, LegalText.wording == wording)
        .order_by(LegalText.id.desc())).all()


def write(session: Session, name: str, wording: str, body: str, author_id: int | None,
          now: datetime) -> LegalText:
    """Add a version; an empty body brings back the model. Does not commit."""
    version = LegalText(name=name, wording=wording, body=body, author_id=author_id,
                        written_at=now)
    session.add(version)
    session.flush()
    return version


def filled(body: str, settings: Settings) -> str:
    """The Markdown with what the settings say in place of the placeholders."""
    values = {"town": settings.town, "sender": settings.sender,
              "public_url": settings.public_url,
              "settings_url": f"{settings.public_url}/einstellungen",
              "feedback_url": f"{settings.public_url}/barrierefreiheit/melden"}
    return Template(body).safe_substitute(values)


def unknown(body: str) -> list[str]:
    """The placeholders that do not exist; "$" stands for a lone dollar sign."""
    template = Template(body)
    if not template.is_valid():
        return ["$"]
    return [f"${name}" for name in template.get_identifiers() if name not in PLACEHOLDERS]


def missing(name: str, body: str) -> list[str]:
    """The placeholders that this text must hold and does not."""
    found = Template(body).get_identifiers()
    return [f"${needed}" for needed in REQUIRED[name] if needed not in found]
