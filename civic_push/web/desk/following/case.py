"""A follow-up being written: the sheet of a correction, withdrawal or all-clear."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from flask import url_for
from werkzeug.datastructures import MultiDict

from civic_push.announcements import following
from civic_push.announcements.following import CannotFollow, Objection
from civic_push.announcements.models import (
    OPEN,
    Announcement,
    AnnouncementKind,
    AnnouncementState,
    AnnouncementText,
)
from civic_push.announcements.publishing import Draft
from civic_push.db import utcnow
from civic_push.web.desk.following import forms
from civic_push.web.desk.following.words import objection
from civic_push.web.desk.words import DEEDS
from civic_push.web.desk.writing import forms as write_forms
from civic_push.web.desk.writing.changes import Change
from civic_push.web.desk.writing.sheets import Sheet
from civic_push.web.desk.writing.written import Written

_NAMES = {kind: deed for deed, kind in DEEDS.items()}


@dataclass(frozen=True, slots=True)
class Case(Sheet):
    """A follow-up being written: what kind, to what, and where it is stored, if it is."""

    template: ClassVar[str] = "desk/follow.html"
    kind: AnnouncementKind
    last: Announcement  # the newest of the chain
    draft: Announcement | None = None

    @property
    def begun(self) -> Written:
        if self.draft is not None:
            return write_forms.show(self.draft)
        return forms.prefilled(self.last, self.kind, utcnow())

    @property
    def deed(self) -> str:
        """What the addresses call it."""
        return _NAMES[self.kind]

    @property
    def mark(self) -> str:
        return f"{self.last.chain_id}-{self.deed}"

    @property
    def homes(self) -> tuple[int | None, ...]:
        return (self.draft.id, self.last.chain_id) if self.draft else (self.last.chain_id,)

    @property
    def follows(self) -> Announcement:
        return self.last

    def closed(self) -> str:
        """The chain has ended, or the draft is out or somebody else's turn."""
        try:
            self.require()
        except CannotFollow as error:
            return objection(error)
        return ""

    def require(self, states: Collection[AnnouncementState] = OPEN) -> None:
        """Raise CannotFollow where this cannot follow the last, or is in none of these
        `states` any more."""
        if self.draft is not None and self.draft.state not in states:
            raise CannotFollow(Objection.SETTLED, self.draft)
        following.check(self.kind, self.last)

    def page(self, kept: str | None = None) -> str:
        if self.draft:
            return url_for("desk.edit_follow_up", number=self.draft.id, entwurf=kept)
        return url_for("desk.follow", number=self.last.id, deed=self.deed, entwurf=kept)

    def addresses(self) -> dict[str, str]:
        keep = (url_for("desk.keep_follow_up", number=self.draft.id) if self.draft else
                url_for("desk.keep_new_follow_up", number=self.last.id, deed=self.deed))
        return {"keep": keep, "help": url_for("desk.help_follow_up", number=self.last.id,
                                              deed=self.deed)}

    def of(self, saved: Announcement) -> Case:
        return Case(self.kind, self.last, saved)

    def last_look(self) -> str:
        assert self.draft is not None
        return url_for("desk.confirm_follow_up", number=self.draft.id)

    def read(self, form: MultiDict[str, str]) -> Written:
        return forms.read(form, self.kind, self.begun, self.last)

    def check(self, written: Written, topics: Collection[int], places: Collection[int],
              now: datetime, *, ready: bool) -> dict[str, str]:
        return forms.check(written, self.kind, self.last, topics, places, now, ready=ready)

    def texts(self, written: Written) -> list[AnnouncementText]:
        return forms.texts(written, self.kind, self.last)

    def to_draft(self, written: Written, author_id: int) -> Draft:
        return forms.to_draft(written, self.kind, author_id, self.last)

    def changes(self, written: Written) -> list[Change]:
        """What a correction says otherwise than what it corrects."""
        correction = self.kind == AnnouncementKind.CORRECTION
        return forms.changes(self.last, written) if correction else []

    def shown(self, written: Written, *, preview: bool) -> dict[str, object]:
        """What is different, and the languages in which a line is asked for."""
        return {"case": self, "changes": self.changes(written),
                "others": write_forms.show(self.last).translations}
