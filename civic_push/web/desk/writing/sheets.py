"""A sheet: a form in which something to publish is being written. An announcement's
(`write.Original`) and that of what follows one (`following.case.Case`) differ in what they ask
for and where they are; how they are filled in, kept and stored is the same: `filling`."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Collection
from datetime import datetime
from typing import ClassVar

from werkzeug.datastructures import MultiDict

from civic_push.announcements.models import Announcement, AnnouncementKind, AnnouncementText
from civic_push.announcements.publishing import Draft
from civic_push.web.desk.writing.written import Written


class Sheet(ABC):
    """One form: of a stored `draft`, or of something new."""

    template: ClassVar[str]
    kind: AnnouncementKind
    draft: Announcement | None

    @property
    @abstractmethod
    def begun(self) -> Written:
        """The form as it is before anything is typed."""

    @property
    @abstractmethod
    def mark(self) -> str:
        """What a browser's own copy of the text goes by: the same for a new text and the
        draft it becomes, where there can be but one."""

    @property
    @abstractmethod
    def homes(self) -> tuple[int | None, ...]:
        """The announcements with which unsaved texts are kept, by id (None: with new ones);
        the first is where, the others where they were before there was a draft."""

    @property
    def follows(self) -> Announcement | None:
        """What a follow-up follows."""
        return None

    @abstractmethod
    def closed(self) -> str:
        """Why it cannot be saved any more, as a sentence; "" where it can."""

    @abstractmethod
    def page(self, kept: str | None = None) -> str:
        """The form's address, where it is sent too; with the unsaved text of this key."""

    @abstractmethod
    def addresses(self) -> dict[str, str]:
        """Where scripts keep the text ("keep") and ask for help with it ("help")."""

    @abstractmethod
    def of(self, saved: Announcement) -> Sheet:
        """The form of the draft that this one has made."""

    @abstractmethod
    def last_look(self) -> str:
        """The address of the page before the draft leaves."""

    @abstractmethod
    def read(self, form: MultiDict[str, str]) -> Written:
        """What a browser sent."""

    @abstractmethod
    def check(self, written: Written, topics: Collection[int], places: Collection[int],
              now: datetime, *, ready: bool) -> dict[str, str]:
        """What keeps this from being stored, or with `ready` from being published: field
        name → one sentence. `topics` and `places` are the ids that exist."""

    @abstractmethod
    def texts(self, written: Written) -> list[AnnouncementText]:
        """The German wordings this would make; they belong to no session."""

    @abstractmethod
    def to_draft(self, written: Written, author_id: int) -> Draft:
        """The draft of a form that `check` found right."""

    @abstractmethod
    def shown(self, written: Written, *, preview: bool) -> dict[str, object]:
        """What its template says besides what all of them say."""


SHEETS: dict[str, Callable[..., Sheet]] = {}
"""Endpoints that take a sent form, and what makes its sheet of the address's parts."""
