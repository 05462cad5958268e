"""Imprint, privacy notice and accessibility statement: the operator's Markdown, or ours."""

from __future__ import annotations

from pathlib import Path
from string import Template

from civic_push.announcements.markdown import to_html
from civic_push.config import BadSetting, Settings

_MODELS = Path(__file__).parent.parent / "templates" / "legal"


def check(settings: Settings) -> None:
    """Raise BadSetting where a text the operator named cannot be read."""
    for name in ("imprint", "privacy"):
        if getattr(settings, name):
            _written(name, settings)


def text(name: str, settings: Settings, language: str) -> str:
    """A legal text as safe HTML: "imprint", "privacy" or "accessibility". The operator's own
    file has one language; our models have German and English."""
    markdown = _written(name, settings) or _model(name, language)
    return to_html(Template(markdown).safe_substitute(
        town=settings.town, sender=settings.sender, public_url=settings.public_url))


def _written(name: str, settings: Settings) -> str:
    path = getattr(settings, name, "")
    if not path:
        return ""
    try:
        return Path(path).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise BadSetting(
            f"CIVIC_PUSH_{name.upper()} names {path}, which cannot be read as text.") from error


def _model(name: str, language: str) -> str:
    return (_MODELS / f"{name}.{language}.md").read_text(encoding="utf-8")
