"""Who may let an announcement out, and when it leaves: submit, approve, send back, take back.

Danger, and what goes to many inboxes, is let out by a second person, who neither began nor
last changed the text. What is submitted, approved or scheduled cannot be changed
(publishing.save refuses it), so what was approved is what is sent; to change it, it is taken
back, and the approval with it. Every step is one conditional UPDATE: of two people at once,
one did it. The caller commits, except where `release` publishes.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta
from enum import StrEnum

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from channels.base import Urgency
from civic_push.announcements import approval_letters, following, publishing
from civic_push.announcements.approval_models import ApprovalStep, Deed
from civic_push.announcements.models import (
    OPEN,
    Announcement,
    AnnouncementKind,
    AnnouncementState,
)
from civic_push.config import settings
from civic_push.delivery.audiences import reach
from civic_push.delivery.models import Purpose
from civic_push.staff import roles, trail
from civic_push.staff.models import Staff
from civic_push.staff.roles import Can

UNDER_WAY = (AnnouncementState.SUBMITTED, AnnouncementState.SCHEDULED)
LONGEST = timedelta(days=366)  # from now to when something may be scheduled for


class Why(StrEnum):
    """What a second person is needed for."""

    DANGER = "danger"
    MANY = "many"


class Refusal(StrEnum):
    """Why a step is not taken."""

    SETTLED = "settled"  # somebody, or the clock, was quicker
    OUTSIDE = "outside"  # beyond somebody's Ortsteile, topics or roles
    SECOND_PERSON = "second_person"  # it has to be submitted first
    OWN_TEXT = "own_text"
    LAST_EDITOR = "last_editor"
    NO_APPROVER = "no_approver"  # needs a role that this person has not
    EXPIRES_BEFORE = "expires_before"  # it would not be valid any more when it leaves


class CannotSend(Exception):
    """A step that is not taken; nothing was changed."""

    def __init__(self, refusal: Refusal) -> None:
        super().__init__(refusal.value)
        self.refusal = refusal


def inboxes(session: Session, announcement: Announcement) -> int:
    """How many inboxes it would reach now."""
    if announcement.kind == AnnouncementKind.ORIGINAL:
        return sum(publishing.audience(
            session, [t.id for t in announcement.topics],
            [n.id for n in announcement.neighbourhoods]).values())
    return sum(r.following + r.first for r in reach(session, announcement).values())


def second_person(session: Session, announcement: Announcement) -> Why | None:
    """What this needs a second person for, if it does. Withdrawals are not counted: whoever
    gets them has got the original, and a mistake must be taken back quickly."""
    rules, urgency = settings(), Urgency(announcement.urgency)
    if announcement.kind != AnnouncementKind.ORIGINAL:  # as quick as what it will follow
        urgency = following.at_least(
            urgency, following.current(session, announcement).urgency)
    if rules.second_person_danger and urgency == Urgency.DANGER:
        return Why.DANGER
    if rules.second_person_above and announcement.kind != AnnouncementKind.WITHDRAWAL and (
            inboxes(session, announcement) > rules.second_person_above):
        return Why.MANY
    return None


def refusal(staff: Staff, announcement: Announcement, why: Why | None) -> Refusal | None:
    """What keeps somebody from letting this out, which needs a second person for `why`."""
    if why is None:
        return None if roles.may(staff, Can.PUBLISH, announcement) else Refusal.OUTSIDE
    if announcement.state != AnnouncementState.SUBMITTED:
        return Refusal.SECOND_PERSON
    if announcement.author_id == staff.id:
        return Refusal.OWN_TEXT
    if announcement.editor_id == staff.id:
        return Refusal.LAST_EDITOR
    if not roles.can(staff, Can.APPROVE):
        return Refusal.NO_APPROVER
    return None if roles.may(staff, Can.APPROVE, announcement) else Refusal.OUTSIDE


def submit(session: Session, staff: Staff, announcement: Announcement, now: datetime, *,
           at: datetime | None = None, comment: str = "",
           told: dict[str, object] | None = None) -> int:
    """Ask for approval; `at` is when its author would like it to leave. Return how many
    people that are told may decide. Raises CannotSend."""
    if not _within(staff, announcement):
        raise CannotSend(Refusal.OUTSIDE)
    _check_expiry(announcement, at or now)
    announcement.author_id = announcement.author_id or staff.id
    _move(session, announcement, OPEN, AnnouncementState.SUBMITTED, at)
    _step(session, staff, announcement, Deed.SUBMITTED, now, comment, told)
    why = second_person(session, announcement)
    return approval_letters.write(
        session, Purpose.APPROVAL,
        [person for person in approval_letters.people(session) if person.id != staff.id
         and refusal(person, announcement, why) is None], now, urgent=why == Why.DANGER)


def send_back(session: Session, staff: Staff, announcement: Announcement, now: datetime,
              comment: str) -> None:
    """Make what was submitted a draft again, and say why. Raises CannotSend."""
    if not roles.may(staff, Can.PUBLISH, announcement):
        raise CannotSend(Refusal.OUTSIDE)
    _move(session, announcement, (AnnouncementState.SUBMITTED,), AnnouncementState.DRAFT, None)
    _step(session, staff, announcement, Deed.SENT_BACK, now, comment)
    approval_letters.tell_author(session, announcement, staff, now)


def take_back(session: Session, staff: Staff, announcement: Announcement, now: datetime
              ) -> None:
    """Make what waits, for approval or for its time, a draft again; nothing has been sent.
    Raises CannotSend, where it is out already above all."""
    if not roles.may(staff, Can.WRITE, announcement):
        raise CannotSend(Refusal.OUTSIDE)
    _move(session, announcement, UNDER_WAY, AnnouncementState.DRAFT, None)
    _step(session, staff, announcement, Deed.TAKEN_BACK, now)


def release(session: Session, staff: Staff, announcement: Announcement, now: datetime, *,
            at: datetime | None = None, skip_undo: bool = False,
            told: dict[str, object] | None = None) -> datetime | None:
    """Let it out, approving it where it was submitted, and commit: at `at`, or now, which
    leaves some seconds to take it back. Return when the clock publishes it; None where it
    is published. Raises CannotSend and following.CannotFollow."""
    last = following.current(session, announcement)  # before the rules look at it
    if (objection := refusal(staff, announcement, second_person(session, announcement))):
        raise CannotSend(objection)
    if announcement.kind != AnnouncementKind.ORIGINAL:
        announcement.replaces_id = last.id  # what this was decided after
    leaves = at or (now if skip_undo else now + timedelta(seconds=settings().undo_seconds))
    _check_expiry(announcement, leaves)
    announcement.author_id = announcement.author_id or staff.id
    before, states = announcement.state, (*OPEN, AnnouncementState.SUBMITTED)
    if before == AnnouncementState.SUBMITTED:
        _step(session, staff, announcement, Deed.APPROVED, now, told=told)
    if leaves > now:
        _move(session, announcement, states, AnnouncementState.SCHEDULED, leaves)
        trail.record(session, staff, "announcement.scheduled", ("announcement", announcement.id),
                     before, {**(told or {}), "leaves": leaves.isoformat()}, now)
        session.commit()
        return leaves
    trail.record(session, staff, "announcement.published", ("announcement", announcement.id),
                 before, told, now)
    if not publishing.publish(session, announcement, now, states):
        raise CannotSend(Refusal.SETTLED)
    return None


def steps(session: Session, announcement: Announcement) -> list[tuple[ApprovalStep, str]]:
    """What has happened so far, the newest first, each with the address of who did it."""
    rows = session.execute(
        select(ApprovalStep, Staff.email).outerjoin(Staff, Staff.id == ApprovalStep.staff_id)
        .where(ApprovalStep.announcement_id == announcement.id)
        .order_by(ApprovalStep.id.desc()))
    return [(step, email or "") for step, email in rows]


def came_back(session: Session, announcement: Announcement) -> ApprovalStep | None:
    """The newest step, if that is what made a draft of it against its author's will."""
    newest = session.scalars(
        select(ApprovalStep).where(ApprovalStep.announcement_id == announcement.id)
        .order_by(ApprovalStep.id.desc()).limit(1)).first()
    return newest if newest and newest.deed in (Deed.SENT_BACK, Deed.LATE) else None


def _within(staff: Staff, announcement: Announcement) -> bool:
    return roles.can(staff, Can.WRITE) and roles.within(
        staff, [t.id for t in announcement.topics],
        [n.id for n in announcement.neighbourhoods])


def _check_expiry(announcement: Announcement, leaves: datetime) -> None:
    if announcement.expires_at is not None and announcement.expires_at <= leaves:
        raise CannotSend(Refusal.EXPIRES_BEFORE)


def _move(session: Session, announcement: Announcement,
          states: Collection[AnnouncementState], to: AnnouncementState, at: datetime | None
          ) -> None:
    """Change the state where it still is one of `states`; raise CannotSend where not."""
    session.flush()
    done = session.execute(
        update(Announcement)
        .where(Announcement.id == announcement.id, Announcement.state.in_(states))
        .values(state=to, scheduled_at=at).execution_options(synchronize_session="fetch"))
    if done.rowcount != 1:  # type: ignore[attr-defined]
        session.rollback()
        raise CannotSend(Refusal.SETTLED)


def _step(session: Session, staff: Staff, announcement: Announcement, deed: Deed, now: datetime,
          comment: str = "", told: dict[str, object] | None = None) -> None:
    """Keep a step, here and in the trail."""
    session.add(ApprovalStep(announcement_id=announcement.id, staff_id=staff.id, deed=deed,
                             comment=comment, at=now))
    trail.record(session, staff, f"announcement.{deed.value}", ("announcement", announcement.id),
                 None, {**(told or {}), **({"comment": comment} if comment else {})} or None, now)
