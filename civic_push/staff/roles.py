"""Who may do what: roles, what they entitle to, and the limits of an Ortsteilredaktion.

A person may have several roles. Whoever is limited to Ortsteile or topics writes and decides
only about announcements that lie wholly within; the whole town lies within nobody's limits.
"""

from __future__ import annotations

from collections.abc import Collection
from enum import StrEnum

from civic_push.announcements.models import Announcement
from civic_push.staff.models import Staff


class Can(StrEnum):
    """What a role entitles to."""

    WORK = "work"  # come in, mind one's own account
    READ = "read"  # see announcements, lists and reports
    WRITE = "write"  # drafts
    PUBLISH = "publish"  # publish, dismiss, pause and resume
    APPROVE = "approve"  # decide about what another has written
    COUNTER = "counter"  # sign residents up at the counter
    ADMINISTER = "administer"  # staff, sources, texts, the trail


AUTHOR, EDITOR, APPROVER, ADMIN, CLERK = "author", "editor", "approver", "admin", "clerk"

ROLES: dict[str, frozenset[Can]] = {
    AUTHOR: frozenset({Can.WORK, Can.READ, Can.WRITE}),
    EDITOR: frozenset({Can.WORK, Can.READ, Can.WRITE, Can.PUBLISH}),
    APPROVER: frozenset({Can.WORK, Can.READ, Can.WRITE, Can.PUBLISH, Can.APPROVE}),
    ADMIN: frozenset(Can),
    CLERK: frozenset({Can.WORK, Can.COUNTER}),
}
"""The roles there are, by the name they are stored under."""

_STRONG = frozenset({Can.PUBLISH, Can.APPROVE, Can.ADMINISTER})


def abilities(staff: Staff) -> frozenset[Can]:
    """All that somebody's roles entitle to."""
    return frozenset().union(*(ROLES.get(role.name, frozenset()) for role in staff.roles))


def can(staff: Staff, ability: Can) -> bool:
    """Whether one of somebody's roles entitles to this, whatever the limits."""
    return ability in abilities(staff)


def needs_second_factor(staff: Staff) -> bool:
    """Editors and above: whose account could send the town's word to everybody."""
    return bool(abilities(staff) & _STRONG)


def may(staff: Staff, ability: Can, announcement: Announcement) -> bool:
    """Whether somebody may do this with this announcement.

    Everybody reads everything; authors always reach their own drafts; nobody approves what
    he wrote himself."""
    if not can(staff, ability):
        return False
    own = announcement.author_id is not None and announcement.author_id == staff.id
    if ability == Can.APPROVE and own:
        return False
    if ability == Can.READ or (ability == Can.WRITE and own):
        return True
    return within(staff, [t.id for t in announcement.topics],
                  [n.id for n in announcement.neighbourhoods])


def within(staff: Staff, topics: Collection[int], neighbourhoods: Collection[int]) -> bool:
    """Whether topics and Ortsteile (ids; no Ortsteil is the whole town) lie within
    somebody's limits."""
    return _inside(topics, {t.id for t in staff.topics}) and _inside(
        neighbourhoods, {n.id for n in staff.neighbourhoods})


def _inside(asked: Collection[int], limits: Collection[int]) -> bool:
    return not limits or (bool(asked) and set(asked) <= set(limits))
