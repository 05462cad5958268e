"""The form of a correction, withdrawal or all-clear: an announcement's, and a line about what
is different. Withdrawals and all-clears consist of that line; the rest is the original's."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from datetime import datetime

from werkzeug.datastructures import MultiDict

from civic_push.announcements.following import at_least
from civic_push.announcements.models import Announcement, AnnouncementKind, AnnouncementText
from civic_push.announcements.publishing import Draft
from civic_push.languages import LANGUAGES
from civic_push.web.desk.words import URGENCIES, _
from civic_push.web.desk.writing import forms as write_forms
from civic_push.web.desk.writing.changes import Change
from civic_push.web.desk.writing.changes import changes as fields_changed
from civic_push.web.desk.writing.forms import Written, show, unchanged
from subscriptions.models import Register


def prefilled(last: Announcement, kind: str, now: datetime) -> Written:
    """The form as it begins: what it follows, for as long as that is valid."""
    written = unchanged(show(last))
    if last.expires_at is not None and last.expires_at <= now:
        written.expires = ""
    if kind != AnnouncementKind.CORRECTION:
        written = replace(written, body="", short="", plain_body="", plain_short="",
                          reviewer="", translations={})
    return written


def read(form: MultiDict[str, str], kind: str, begun: Written, last: Announcement) -> Written:
    """What a browser sent; for all but corrections the rest stays as it was `begun`, and
    other languages have a line of their own beneath the title of `last`."""
    sent = write_forms.read(form)
    if kind == AnnouncementKind.CORRECTION:
        return sent
    return replace(
        begun, change=sent.change, plain_change=sent.plain_change, expires=sent.expires,
        translations={
            language: {"change": change, "title": said["title"], "body": "", "short": ""}
            for language, said in show(last).translations.items()
            if (change := sent.translations.get(language, {}).get("change"))})


def check(written: Written, kind: str, last: Announcement, topics: Collection[int],
          places: Collection[int], now: datetime, *, ready: bool) -> dict[str, str]:
    """What keeps this from being stored, or with `ready` from being published: field name →
    one sentence."""
    whole = kind == AnnouncementKind.CORRECTION
    strict = write_forms.check_ready if ready and whole else write_forms.check_draft
    errors = strict(written, topics, places, now)
    if not whole:  # title and times are the original's, and so is what belongs to them
        for name in ("starts", "ends", "plain_body",
                     *(f"body-{language}" for language in written.translations)):
            errors.pop(name, None)
    if ready:
        errors = _missing(written, AnnouncementKind(kind)) | errors
    if whole and written.plain_change and not written.plain_body:
        errors.setdefault("plain_body", _("Zur Änderung in Einfacher Sprache fehlt noch der "
                                          "Text in Einfacher Sprache."))
    if "urgency" not in errors and at_least(written.urgency, last.urgency) != written.urgency:
        errors["urgency"] = _(
            "Eine Korrektur ist mindestens so dringend wie das, was sie korrigiert: %(urgency)s.",
            urgency=URGENCIES[last.urgency])
    return errors


def _missing(written: Written, kind: AnnouncementKind) -> dict[str, str]:
    """The lines about what is different that must not be missing: the German one, and that of
    every translation, for those begin as the old text, which nobody may have looked at."""
    errors = {} if written.change else {"change": _ASK[kind]()}
    return errors | {
        f"change-{language}": _(
            "%(language)s: Bitte passen Sie die Übersetzung an und schreiben Sie auch hier, was "
            "jetzt anders ist. Oder leeren Sie sie: Dann bekommen alle den deutschen Text.",
            language=LANGUAGES[language])
        for language, said in written.translations.items() if not said.get("change")}


def texts(written: Written, kind: str, last: Announcement) -> list[AnnouncementText]:
    """The German wordings this would make, for a preview; they belong to no session."""
    wordings = write_forms.texts(written)
    if written.plain_change and len(wordings) == 1:
        wordings.append(AnnouncementText(language="de", register=Register.PLAIN, body="",
                                         short="", reviewer="",
                                         title=written.plain_title or written.title))
    for text, change in zip(wordings, (written.change, written.plain_change), strict=False):
        text.change = change
    Announcement(id=last.id, kind=AnnouncementKind(kind), root_id=last.chain_id,
                 urgency=last.urgency, source_name=last.source_name, link=written.link,
                 texts=wordings)
    return wordings


def changes(last: Announcement, written: Written) -> list[Change]:
    """What a correction says otherwise than what it corrects, field by field."""
    return fields_changed(unchanged(show(last)), unchanged(written))


def to_draft(written: Written, kind: str, author_id: int | None, last: Announcement) -> Draft:
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
