"""How far the translations in a form are, and which the German text has left behind."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from civic_push.announcements import versions
from civic_push.announcements.models import AnnouncementKind
from civic_push.db import db
from civic_push.web.desk.writing.changes import Change, changes
from civic_push.web.desk.writing.forms import show
from civic_push.web.desk.writing.sheets import Sheet
from civic_push.web.desk.writing.written import OTHERS, Written, stored

_WORDS = ("title", "body", "short")


@dataclass(frozen=True, slots=True)
class Progress:
    """One language: `state` is "complete", "begun" or "missing"; `outdated` is what the
    German text has said otherwise since it was translated."""

    state: str
    outdated: Sequence[Change]


def progress(sheet: Sheet, written: Written) -> dict[str, Progress]:
    """The languages of the form, in its order."""
    needed = ("title", "body") if sheet.kind == AnnouncementKind.ORIGINAL else (
        "change", "title", "body")
    earlier = _earlier(sheet) if written.translations else []
    found = {}
    for language in OTHERS:
        said = written.translations.get(language, {})
        complete = all(said.get(part) for part in needed)
        state = "complete" if complete else "begun" if any(said.values()) else "missing"
        found[language] = Progress(state, _outdated(earlier, written, language, said))
    return found


def confirmed(sheet: Sheet, written: Written) -> list[str]:
    """The languages that the German text has left behind, and whose translation somebody has
    found to be still right."""
    if not written.checked:
        return []
    return [language for language, one in progress(sheet, written).items()
            if one.outdated and language in written.checked]


def _earlier(sheet: Sheet) -> list[Written]:
    """What the form has held, the newest first; a follow-up's began as what it follows."""
    found = [stored(version.content) for version in
             (versions.all_of(db.session(), sheet.draft.id) if sheet.draft else ())]
    return [*found, show(sheet.follows)] if sheet.follows else found


def _outdated(earlier: Sequence[Written], written: Written, language: str,
              said: Mapping[str, str]) -> list[Change]:
    """What is different from the German text at which this translation became what it is, or
    was last found to be still right."""
    translated_at = None
    for version in earlier:
        same = _words(version.translations.get(language, {})) == _words(said)
        if not same and translated_at is not None:
            break
        if same:
            translated_at = version
            if language in version.checked:
                break
    if translated_at is None or not any(_words(said)):
        return []
    return changes(_german(translated_at), _german(written))


def _words(said: Mapping[str, str]) -> list[str]:
    return [said.get(part, "") for part in _WORDS]


def _german(written: Written) -> Written:
    """The German text alone."""
    return Written(**{part: getattr(written, part) for part in _WORDS})
