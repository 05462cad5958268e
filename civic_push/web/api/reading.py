"""From what a client sent to a draft. The rules are the desk's: the forms of
`desk.writing` and `desk.following` check, and what they say about a field goes to its member."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, TypeVar

from sqlalchemy import select

from civic_push.announcements.cleaning import cleaned, without_tracking
from civic_push.announcements.details import write_point
from civic_push.announcements.models import Announcement, AnnouncementKind
from civic_push.announcements.publishing import Draft
from civic_push.db import db
from civic_push.staff import roles
from civic_push.staff.models import Staff
from civic_push.web.desk.following import forms as follow_forms
from civic_push.web.desk.writing import forms as write_forms
from civic_push.web.desk.writing.written import PLACES, TOWN, Written, line
from civic_push.web.language import _
from civic_push.web.problems import Flaw, Problem, invalid
from subscriptions.models import Neighbourhood, Topic

_Row = TypeVar("_Row", Topic, Neighbourhood)

_MEMBERS = {
    "title": "/title", "body": "/text", "short": "/short", "plain_title": "/plain/title",
    "plain_body": "/plain/text", "plain_short": "/plain/short", "where": "/neighbourhoods",
    "places": "/neighbourhoods", "topics": "/topics", "urgency": "/urgency", "link": "/link",
    "expires": "/expires_at", "starts": "/starts_at", "ends": "/ends_at",
    "change": "/change", "plain_change": "/plain_change", "reviewer": "/plain/text",
    "address": "/place/address", "coordinates": "/place"}
"""Where a field of the desk's forms stands in the API."""


def pointed(errors: Mapping[str, str]) -> list[Flaw]:
    """The desk's sentences at the API's members; "" is the whole."""
    return [Flaw(_member(name), sentence) for name, sentence in errors.items()]


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
    """What was sent, as the desk's form would hold it; over what was `begun`, whose place and
    translations stay where none were sent. Raises Problem."""
    begun, said, plain = begun or Written(), _wording(body), _wording(body["plain"] or {})
    same = plain["body"] == begun.plain_body
    places = chosen(Neighbourhood, body["neighbourhoods"], "neighbourhoods")
    sent = replace(
        begun, **said, **{f"plain_{part}": text for part, text in plain.items()},
        reviewer=begun.reviewer if same else "",  # nobody has checked another text
        where=PLACES if places else TOWN, places=sorted(p.id for p in places),
        topics=sorted(t.id for t in chosen(Topic, body["topics"], "topics")),
        urgency=body["urgency"], link=without_tracking(body["link"].strip()),
        starts="", ends="", expires="")  # see `times`: forms know minutes of local time only
    if "place" in body:
        sent = _placed(sent, body["place"] or {})
    if "translations" in body:
        sent.translations = {language: _wording(words) | {"change": line(words.get("change", ""))}
                             for language, words in translations(body).items()}
    return sent


def translations(body: Mapping[str, Any]) -> dict[str, Mapping[str, str]]:
    """What was sent in other languages, by language."""
    return {language: words for language, words in (body.get("translations") or {}).items()
            if words is not None}


def correction(body: Mapping[str, Any], last: Announcement) -> Written:
    """A correction as the desk's form would hold it: nobody has read the old translations
    again, nor checked the new text for Leichte Sprache. Raises Problem."""
    begun = replace(write_forms.show(last), translations={}, reviewer="")
    return changed(written(body, begun), body)


def takes_back(body: Mapping[str, Any], last: Announcement, begun: Written) -> Written:
    """A withdrawal or all-clear as the desk's form would hold it: other languages have their
    line beneath the title that `last` has in them. Raises Problem for one that it lacks."""
    titles = {language: said["title"]
              for language, said in write_forms.show(last).translations.items()}
    sent = translations(body)
    if lacking := [language for language in sent if language not in titles]:
        raise invalid([Flaw(f"/translations/{language}", _(
            "In dieser Sprache gibt es die Meldung nicht.")) for language in lacking])
    return replace(changed(begun, body), translations={
        language: {"title": titles[language], "body": "", "short": "",
                   "change": line(said["change"])} for language, said in sent.items()})


def changed(begun: Written, body: Mapping[str, Any]) -> Written:
    """A follow-up with the lines about what is different."""
    return replace(begun, change=line(body["change"]), plain_change=line(body["plain_change"]))


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
    found, begins = [], body.get("starts_at")
    for name in ("ends_at", "expires_at"):
        until = body.get(name)
        if until and until <= now:
            found.append(Flaw(f"/{name}", _(
                "Dieser Zeitpunkt ist schon vorbei. Bitte wählen Sie einen späteren.")))
        elif until and begins and until <= begins:
            found.append(Flaw(f"/{name}", _(
                "Das liegt vor dem Beginn. Bitte wählen Sie einen späteren Zeitpunkt.")))
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


def _member(field: str) -> str:
    """The JSON Pointer of a field, "body" or "body-en"."""
    part, _dash, language = field.partition("-")
    return (f"/translations/{language}" if language else "") + _MEMBERS.get(part, "")


def _wording(said: Mapping[str, Any]) -> dict[str, Any]:
    """Title, text and short one as the desk's form would hold them."""
    return {"title": line(said.get("title", "")), "short": line(said.get("short", "")),
            "body": cleaned(write_forms.clean(said.get("text", "")))}


def _placed(sent: Written, place: Mapping[str, Any]) -> Written:
    latitude, longitude = place.get("latitude"), place.get("longitude")
    point = None if latitude is None or longitude is None else (latitude, longitude)
    return replace(sent, address=line(place.get("address", "")), coordinates=write_point(point))
