"""From what a client sent to a draft. The rules are the desk's: the forms of
`desk.writing` and `desk.following` check, and what they say about a field goes to its member."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, TypeVar

from sqlalchemy import select

from civic_push.announcements.models import Announcement, AnnouncementKind
from civic_push.announcements.publishing import Draft
from civic_push.db import db
from civic_push.staff import roles
from civic_push.staff.models import Staff
from civic_push.web.desk.following import forms as follow_forms
from civic_push.web.desk.writing import forms as write_forms
from civic_push.web.desk.writing.forms import PLACES, TOWN, Written
from civic_push.web.language import _
from civic_push.web.problems import Flaw, Problem, invalid
from subscriptions.models import Neighbourhood, Topic

_Row = TypeVar("_Row", Topic, Neighbourhood)

_MEMBERS = {
    "title": "/title", "body": "/text", "short": "/short", "plain_title": "/plain/title",
    "plain_body": "/plain/text", "plain_short": "/plain/short", "where": "/neighbourhoods",
    "places": "/neighbourhoods", "topics": "/topics", "urgency": "/urgency", "link": "/link",
    "expires": "/expires_at", "change": "/change", "plain_change": "/plain_change"}
"""Where a field of the desk's forms stands in the API."""


def pointed(errors: Mapping[str, str]) -> list[Flaw]:
    """The desk's sentences at the API's members; "" is the whole."""
    return [Flaw(_MEMBERS.get(name, ""), sentence) for name, sentence in errors.items()]


def chosen(kind: type[_Row], slugs: Sequence[str], member: str) -> list[_Row]:
    """The topics or Ortsteile with these slugs. Raises Problem for one that does not exist."""
    found: Sequence[_Row] = db.session.scalars(
        select(kind).where(kind.slug.in_(slugs))).all() if slugs else ()
    rows = {row.slug: row for row in found}
    flaws = [Flaw(f"/{member}/{place}", _("„%(slug)s“ gibt es nicht.", slug=slug))
             for place, slug in enumerate(slugs) if slug not in rows]
    if flaws:
        raise invalid(flaws)
    return list(rows.values())


def written(body: Mapping[str, Any], begun: Written | None = None) -> Written:
    """What was sent, as the desk's form would hold it; over what was `begun`, whose fields
    that the API does not know stay as they are. Raises Problem."""
    plain = body["plain"] or {"title": "", "text": "", "short": ""}
    places = chosen(Neighbourhood, body["neighbourhoods"], "neighbourhoods")
    return replace(
        begun or Written(), title=_line(body["title"]), body=write_forms.clean(body["text"]),
        short=_line(body["short"]), plain_title=_line(plain["title"]),
        plain_body=write_forms.clean(plain["text"]), plain_short=_line(plain["short"]),
        where=PLACES if places else TOWN, places=sorted(p.id for p in places),
        topics=sorted(t.id for t in chosen(Topic, body["topics"], "topics")),
        urgency=body["urgency"], link=body["link"].strip(),
        expires="")  # checked here: forms know minutes of local time only


def follow_up(body: Mapping[str, Any], last: Announcement) -> Written:
    """A correction as the desk's form would hold it: nobody has read the old translations
    again, nor checked the new text for Leichte Sprache. Raises Problem."""
    begun = replace(write_forms.show(last), translations={}, reviewer="")
    return changed(written(body, begun), body)


def changed(begun: Written, body: Mapping[str, Any]) -> Written:
    """A follow-up with the lines about what is different."""
    return replace(begun, change=_line(body["change"]), plain_change=_line(body["plain_change"]))


def flaws(body: Mapping[str, Any], sent: Written, now: datetime, *, ready: bool) -> list[Flaw]:
    """What keeps this from being stored, or with `ready` from being published."""
    check = write_forms.check_ready if ready else write_forms.check_draft
    return pointed(check(sent, ids(Topic), ids(Neighbourhood), now)) + times(body, now)


def stored_flaws(announcement: Announcement, last: Announcement | None, now: datetime
                 ) -> list[Flaw]:
    """What keeps a stored draft from being published. `last` is what it follows."""
    topics, places = ids(Topic), ids(Neighbourhood)
    if last is None:
        return pointed(write_forms.check_ready(
            write_forms.show(announcement), topics, places, now))
    return pointed(follow_forms.check(
        write_forms.show(announcement), AnnouncementKind(announcement.kind), last,
        topics, places, now, ready=True))


def times(body: Mapping[str, Any], now: datetime) -> list[Flaw]:
    """What is wrong with the times."""
    found = []
    if body.get("expires_at") and body["expires_at"] <= now:
        found.append(Flaw("/expires_at", _(
            "Dieser Zeitpunkt ist schon vorbei. Bitte wählen Sie einen späteren.")))
    begins, ends = body.get("starts_at"), body.get("ends_at")
    if begins and ends and ends < begins:
        found.append(Flaw("/ends_at", _("Das Ende liegt vor dem Anfang.")))
    return found


def timed(draft: Draft, body: Mapping[str, Any]) -> Draft:
    """The draft with the times that were sent."""
    return replace(draft, **{name: body[name] for name in (
        "expires_at", "starts_at", "ends_at") if name in body})


def within(staff: Staff, topics: Sequence[int], places: Sequence[int]) -> None:
    """Refuse what lies beyond the Ortsteile and topics a client is limited to."""
    if roles.within(staff, topics, places):
        return
    names = [*(n.slug for n in staff.neighbourhoods), *(t.slug for t in staff.topics)]
    raise Problem(403, "outside", _("Das liegt außerhalb der Ortsteile oder Themen dieses "
                                    "Tokens."),
                  _("Es gilt nur für: %(names)s. Es wurde nichts geändert.",
                    names=", ".join(names)))


def ids(kind: type[Topic] | type[Neighbourhood]) -> set[int]:
    """The numbers there are."""
    return set(db.session.scalars(select(kind.id)))


def _line(text: str) -> str:
    """One line: line ends have no place in a subject."""
    return " ".join(write_forms.clean(text).split())
