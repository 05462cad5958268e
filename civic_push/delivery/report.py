"""What the ledger says about announcements, for the desk. Reads only.

Residents' small numbers are hidden where they are shown (`few`), not here.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Integer, case, cast, func, literal_column, or_, select
from sqlalchemy.orm import Session

from civic_push.announcements.models import Announcement
from civic_push.db import BigId, is_sqlite, read_only
from civic_push.delivery.kept import Answer, shared
from civic_push.delivery.models import ChannelPause, Delivery, Lane, State
from civic_push.delivery.progress import ChannelProgress
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


@dataclass(frozen=True, slots=True)
class Figures:
    """What became of an announcement's deliveries, all of it asked together: numbers of
    different moments would tell small ones by subtracting."""

    channels: list[ChannelProgress]  # without what only a live page shows
    arrivals: list[Arrivals]
    failures: list[Failures]
    settled: bool  # nothing waits, and nothing more is written


def figures(session: Session, announcement_id: int, published_at: datetime) -> Figures:
    """An announcement's figures, not much older than a second (kept.shared) while it is being
    sent. Leaves no transaction open."""
    def ask() -> Answer:
        session.rollback()
        with read_only(session):
            found = asked(session, announcement_id, published_at)
        return Answer(asdict(found), found.settled)
    told = shared("report", [announcement_id], ask)
    return Figures([ChannelProgress(**c) for c in told["channels"]],
                   [Arrivals(**{**a, "seconds": [(s, n) for s, n in a["seconds"]]})
                    for a in told["arrivals"]],
                   [Failures(**{**f, "state": State(f["state"]), "reason": Reason(f["reason"])})
                    for f in told["failures"]], told["settled"])


def asked(session: Session, announcement_id: int, published_at: datetime) -> Figures:
    """Ask the database. States and the seconds of handing over come from one GROUP BY: on
    SQLite, which sorts for each, two cost twice as much."""
    written = session.scalar(select(Announcement.id).where(
        Announcement.id == announcement_id, or_(Announcement.closed_at.is_not(None),
                                                Announcement.fan_out_done_at.is_not(None))))
    channels: dict[tuple[bool, str], ChannelProgress] = {}
    times: dict[tuple[bool, str, bool], Arrivals] = {}
    start = int(published_at.timestamp())
    rows = session.execute(_by_state_and_second(session, announcement_id))
    for row in sorted(rows, key=lambda row: row.second or 0):
        key = (bool(row.public), row.channel)
        channel = channels.setdefault(key, ChannelProgress(row.channel, key[0]))
        channel.counts[row.state] = channel.count(row.state) + row.number
        channel.retried += row.retried
        if row.state == State.SENT and row.second is not None:
            digest = row.lane.endswith(Lane.DIGEST)
            group = times.setdefault((*key, digest), Arrivals(row.channel, key[0], digest))
            # the end of that second
            group.seconds.append((max(1, row.second - start + 1), row.number))
    return Figures([channels[key] for key in sorted(channels)],
                   [times[way] for way in sorted(times)],
                   failures(session, announcement_id), written is not None and not any(
                       channel.count(State.WAITING) for channel in channels.values()))


def _by_state_and_second(session: Session, announcement_id: int) -> Any:
    epoch = (cast(func.strftime("%s", Delivery.sent_at), Integer)
             if is_sqlite(session.connection())
             else cast(func.floor(func.extract("epoch", Delivery.sent_at)), BigId))
    public = Delivery.contact_id.is_(None)
    # sorted by who asks: asked to, PostgreSQL sorts all rows instead of hashing them
    return (
        select(epoch.label("second"), Delivery.state, Delivery.channel, public.label("public"),
               Delivery.lane, func.count().label("number"),
               func.sum(case((Delivery.attempts > 1, 1), else_=0)).label("retried"))
        .where(Delivery.announcement_id == announcement_id)
        .group_by(Delivery.channel, Delivery.lane, public, Delivery.state,
                  literal_column("second")))


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
