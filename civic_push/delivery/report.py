"""What the ledger says about announcements, for the desk. Reads only.

Residents' small numbers are hidden where they are shown (`few`), not here.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy import Integer, case, cast, func, select
from sqlalchemy.orm import Session

from civic_push.db import BigId, is_sqlite
from civic_push.delivery.models import ChannelPause, Delivery, Lane, State
from civic_push.delivery.reasons import Reason, reason_of
from subscriptions.models import Consent

OPT_OUT_WINDOW = timedelta(hours=48)
FEW = 5  # smaller numbers of residents are not told (design.md, invariant 12)
_OPEN = (State.WAITING,)
_NOBODYS_WISH = ("gone", "replaced", "revoked")  # ends of a contact that say nothing


@dataclass(frozen=True, slots=True)
class Progress:
    """How far the deliveries of one announcement have come."""

    total: int = 0
    sent: int = 0
    open: int = 0

    @property
    def failed(self) -> int:
        """Deliveries that ended otherwise than handed over."""
        return self.total - self.sent - self.open


def progress(session: Session, announcement_ids: Collection[int]) -> dict[int, Progress]:
    """How far several announcements have come, in one GROUP BY. Those without deliveries
    are missing."""
    if not announcement_ids:
        return {}
    sent = func.sum(case((Delivery.state == State.SENT, 1), else_=0))
    waiting = func.sum(case((Delivery.state.in_(_OPEN), 1), else_=0))
    rows = session.execute(
        select(Delivery.announcement_id, func.count(), sent, waiting)
        .where(Delivery.announcement_id.in_(announcement_ids))
        .group_by(Delivery.announcement_id))
    return {key: Progress(int(total), int(done), int(left))
            for key, total, done, left in rows if key is not None}


def pauses(session: Session, now: datetime) -> Sequence[ChannelPause]:
    """Channels that rest at `now`, and until when."""
    return session.scalars(
        select(ChannelPause).where(ChannelPause.until > now).order_by(ChannelPause.channel)).all()


@dataclass(slots=True)
class Failures:
    """Deliveries of one channel that ended in one state for one reason. `texts` are the
    engine's sentences that mean it, the most frequent first."""

    channel: str
    public: bool  # outlets of the town: nobody's private matter
    state: State
    reason: Reason
    count: int = 0
    texts: list[str] = field(default_factory=list)


def failures(session: Session, announcement_id: int) -> list[Failures]:
    """Who did not get it and why, the most frequent first."""
    error, number = func.coalesce(Delivery.error, ""), func.count()
    public = Delivery.contact_id.is_(None)
    found: dict[tuple[str, bool, str, Reason], Failures] = {}
    for channel, is_public, state, text, count in session.execute(
            select(Delivery.channel, public, Delivery.state, error, number)
            .where(Delivery.announcement_id == announcement_id,
                   Delivery.state.not_in((State.SENT, State.WAITING)))
            .group_by(Delivery.channel, public, Delivery.state, error)
            .order_by(number.desc(), Delivery.channel, Delivery.state, error)):
        reason = reason_of(state, text)
        key = (channel, bool(is_public), state, reason)
        group = found.setdefault(key, Failures(channel, key[1], State(state), reason))
        group.count += count
        group.texts.append(text)
    return sorted(found.values(), key=lambda group: -group.count)


@dataclass(slots=True)
class Arrivals:
    """When the deliveries of one channel were handed over: how many in which second after
    publishing, in order. Digests are told apart: they wait for their hour."""

    channel: str
    public: bool
    digest: bool
    seconds: list[tuple[int, int]] = field(default_factory=list)

    @property
    def total(self) -> int:
        """All that were handed over."""
        return sum(number for _second, number in self.seconds)

    def reached(self, share: float) -> int:
        """Within how many seconds this share (0 to 1) of them was handed over."""
        wanted, so_far = share * self.total, 0
        for second, number in self.seconds:
            so_far += number
            if so_far >= wanted:
                return second
        return 0


def arrivals(session: Session, announcement_id: int, published_at: datetime) -> list[Arrivals]:
    """When deliveries were handed over, counted by second in one GROUP BY: it costs less than
    sorting them, and both the times and the chart come from it."""
    epoch = (cast(func.strftime("%s", Delivery.sent_at), Integer)
             if is_sqlite(session.connection())
             else cast(func.floor(func.extract("epoch", Delivery.sent_at)), BigId))
    public, digest = Delivery.contact_id.is_(None), Delivery.lane.endswith(Lane.DIGEST)
    start = int(published_at.timestamp())
    found: dict[tuple[bool, str, bool], Arrivals] = {}
    for channel, is_public, is_digest, second, count in session.execute(
            select(Delivery.channel, public, digest, epoch, func.count())
            .where(Delivery.announcement_id == announcement_id, Delivery.state == State.SENT,
                   Delivery.sent_at.is_not(None))
            .group_by(Delivery.channel, public, digest, epoch).order_by(epoch)):
        key = (bool(is_public), channel, bool(is_digest))
        group = found.setdefault(key, Arrivals(channel, key[0], key[2]))
        group.seconds.append((max(1, second - start + 1), count))  # the end of that second
    return [found[key] for key in sorted(found)]


def opt_outs(session: Session, announcement_id: int, published_at: datetime) -> int:
    """How many inboxes were ended by their owners within OPT_OUT_WINDOW of publishing, after
    they had got this announcement. Whether because of it nobody can know."""
    ended = select(Consent.contact_id).where(
        Consent.ended_at >= published_at, Consent.ended_at < published_at + OPT_OUT_WINDOW,
        Consent.ended_reason.not_in(_NOBODYS_WISH))
    return session.scalar(
        select(func.count()).select_from(Delivery)
        .where(Delivery.contact_id.in_(ended), Delivery.announcement_id == announcement_id,
               Delivery.state == State.SENT)) or 0
