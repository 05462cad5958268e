"""The form of a correction, withdrawal or all-clear: an announcement's, and a line about what
is different. Withdrawals and all-clears consist of that line; the rest is the original's."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import asdict, dataclass, replace
from datetime import datetime

from werkzeug.datastructures import MultiDict

from civic_push.announcements.differences import Part, differences
from civic_push.announcements.following import at_least
from civic_push.announcements.models import Announcement, AnnouncementKind, AnnouncementText
from civic_push.announcements.publishing import Draft
from civic_push.web.desk.words import URGENCIES, _
from civic_push.web.desk.writing import forms as write_forms
from civic_push.web.desk.writing.forms import Written
from civic_push.web.forms import Typed
from subscriptions.models import Register

CHANGE_LENGTH = 300
_FIRST = ("change", "plain_change")


@dataclass(slots=True)
class FollowUp(Written):
    """The form's fields as they were typed."""

    change: str = ""
    plain_change: str = ""


def prefilled(last: Announcement, kind: str, now: datetime) -> FollowUp:
    """The form as it begins: what it follows, for as long as that is valid."""
    written = show(last)
    written.change = written.plain_change = ""
    if last.expires_at is not None and last.expires_at <= now:
        written.expires = ""
    if kind != AnnouncementKind.CORRECTION:
        written = replace(written, body="", short="", plain_body="", plain_short="",
                          reviewer="", translations={})
    return written


def show(announcement: Announcement) -> FollowUp:
    """A stored announcement as the form shows it."""
    changes = {t.register: t.change for t in announcement.texts if t.language == "de"}
    return FollowUp(**asdict(write_forms.show(announcement)),
                    change=changes.get(Register.STANDARD, ""),
                    plain_change=changes.get(Register.PLAIN, ""))


def read(form: MultiDict[str, str], kind: str, begun: FollowUp) -> FollowUp:
    """What a browser sent; for all but corrections the rest stays as it was `begun`."""
    change, plain = (" ".join(write_forms.clean(form.get(name, "")).split()) for name in _FIRST)
    if kind == AnnouncementKind.CORRECTION:
        return FollowUp(**asdict(write_forms.read(form)), change=change, plain_change=plain)
    return replace(begun, change=change, plain_change=plain,
                   expires=form.get("expires", "").strip())


def check(written: FollowUp, kind: str, last: Announcement, topics: Collection[int],
          places: Collection[int], now: datetime, *, ready: bool) -> dict[str, str]:
    """What keeps this from being stored, or with `ready` from being published: field name →
    one sentence."""
    whole = kind == AnnouncementKind.CORRECTION
    strict = write_forms.check_ready if ready and whole else write_forms.check_draft
    errors = strict(written, topics, places, now)
    if not whole:  # the title is the original's, and so is what belongs to it
        errors.pop("plain_body", None)
    for name in _FIRST:
        if (length := len(getattr(written, name))) > CHANGE_LENGTH:
            errors[name] = _("Bitte kürzen Sie: höchstens %(most)s Zeichen, es sind %(count)s.",
                             most=CHANGE_LENGTH, count=length)
    if ready and not written.change:
        errors["change"] = _ASK[AnnouncementKind(kind)]()
    if whole and written.plain_change and not written.plain_body:
        errors.setdefault("plain_body", _("Zur Änderung in Einfacher Sprache fehlt noch der "
                                          "Text in Einfacher Sprache."))
    if "urgency" not in errors and at_least(written.urgency, last.urgency) != written.urgency:
        errors["urgency"] = _(
            "Eine Korrektur ist mindestens so dringend wie das, was sie korrigiert: %(urgency)s.",
            urgency=URGENCIES[last.urgency])
    return errors


def typed(written: FollowUp, errors: dict[str, str]) -> Typed:
    """The form's fields for the templates' macros, errors in the order of the page."""
    shown = write_forms.typed(written, errors)
    for name in _FIRST:
        shown.values[name] = getattr(written, name)
    shown.errors = {name: errors[name] for name in _FIRST if name in errors} | shown.errors
    return shown


def texts(written: FollowUp, kind: str, last: Announcement) -> list[AnnouncementText]:
    """The wordings this would make, for a preview; they belong to no session."""
    wordings = write_forms.texts(written)
    if written.plain_change and len(wordings) == 1:
        wordings.append(AnnouncementText(register=Register.PLAIN, body="", short="",
                                         title=written.plain_title or written.title))
    for text, change in zip(wordings, (written.change, written.plain_change), strict=False):
        text.change, text.language = change, "de"
    Announcement(id=last.id, kind=AnnouncementKind(kind), root_id=last.chain_id,
                 urgency=last.urgency, source_name=last.source_name, link=written.link,
                 texts=wordings)
    return wordings


def changes(last: Announcement, written: FollowUp) -> list[list[Part]]:
    """What a correction words otherwise than what it corrects: title, text, plain text."""
    before = show(last)
    found = (differences(getattr(before, name), getattr(written, name))
             for name in ("title", "body", "plain_body"))
    return [parts for parts in found if parts]


def to_draft(written: FollowUp, kind: str, author_id: int | None, last: Announcement) -> Draft:
    """The draft of a form that `check` found right; it follows `last`."""
    return replace(write_forms.to_draft(written, author_id, last),
                   kind=AnnouncementKind(kind), change=written.change,
                   plain_change=written.plain_change)


_ASK = {
    AnnouncementKind.CORRECTION: lambda: _("Bitte schreiben Sie in einem Satz, was jetzt "
                                           "anders ist."),
    AnnouncementKind.WITHDRAWAL: lambda: _("Bitte schreiben Sie in einem Satz, warum die "
                                           "Meldung nicht mehr gilt."),
    AnnouncementKind.ALL_CLEAR: lambda: _("Bitte schreiben Sie in einem Satz, was jetzt gilt."),
}
