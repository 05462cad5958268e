"""From claimed deliveries to envelopes: address opened, message composed, links signed."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from flask import current_app
from flask_babel import force_locale
from sqlalchemy.orm import Session

from channels.base import Channel, Envelope, Message
from civic_push.config import Settings, settings
from civic_push.delivery import cutting_off, ledger
from civic_push.delivery.claiming import Claimed
from civic_push.delivery.compose import Composer, Reason
from civic_push.delivery.digests import Digests
from civic_push.delivery.ledger import Earlier, Record
from civic_push.delivery.models import Lane, Purpose, State
from civic_push.delivery.notices import notice
from civic_push.delivery.shelf import Shelf
from civic_push.delivery.staff_letters import DESK_LETTERS, desk_letter, staff_letter
from civic_push.delivery.trials import trial
from civic_push.languages import locale_of
from subscriptions.seals import Seals, UnreadableAddress
from subscriptions.timing import after_quiet
from subscriptions.tokens import Purpose as TokenPurpose
from subscriptions.tokens import Tokens

MANAGE_LIFE = timedelta(days=14)  # how long the link to one's choices in a message holds


@dataclass(slots=True)
class Parcel:
    """One envelope and the deliveries that it carries (a digest carries several)."""

    envelope: Envelope
    deliveries: list[Claimed]


class Packer:
    """Packs the batches of one drain run, keeping what it composed from batch to batch."""

    def __init__(self, session: Session, channel: Channel, lane: str, now: datetime) -> None:
        self.channel, self.lane, self.now = channel.name, lane, now
        self.personal_links = channel.personal_links
        self.settings: Settings = settings()
        self.seals: Seals = current_app.extensions["seals"]
        self.tokens: Tokens = current_app.extensions["tokens"]
        shelf = current_app.extensions.setdefault("shelf", Shelf())
        self.composer = Composer(session, self.settings, shelf)
        self.digests = Digests(self.composer, now, channel.name)
        # whole days, so that a repeated mail carries the same link
        self.manage_until = (now + MANAGE_LIFE).replace(hour=0, minute=0, second=0, microsecond=0)
        self._parcels: list[Parcel] = []
        self._unsent: list[Record] = []
        self._earlier: dict[int, Earlier] = {}

    def pack(self, claimed: list[Claimed], now: datetime) -> tuple[list[Parcel], list[Record]]:
        """Pack what can be sent; the records are of what cannot: stale, left, unreadable, or
        in its reader's quiet hours."""
        self.now, self._parcels, self._unsent = now, [], []
        self.composer.load({d.announcement_id for d in claimed if d.announcement_id})
        good = [d for d in claimed if self._admit(d)]
        followed = [d.follows_id for d in good if d.follows_id]
        self._earlier = ledger.earlier(self.composer.session, followed) if followed else {}
        for group in _by_contact(good) if self.lane == Lane.DIGEST else ([d] for d in good):
            self._add(group)
        return self._parcels, self._unsent

    def _admit(self, delivery: Claimed) -> bool:
        """Whether this delivery may go out now; records why not."""
        record = self._obstacle(delivery)
        if record is not None:
            self._unsent.append(record)
        return record is None

    def _obstacle(self, delivery: Claimed) -> Record | None:
        """What becomes of a delivery that may not go out now."""
        if delivery.outlet is None and delivery.address is None:
            return Record(delivery.id, State.CANCELLED)
        if delivery.expires_at <= self.now:
            return _ended(delivery, State.EXPIRED)
        if delivery.announcement_id and self.composer.is_closed(delivery.announcement_id):
            return _ended(delivery, State.CANCELLED, cutting_off.REPLACED)
        until = self._quiet_until(delivery)
        if until > self.now:
            return Record(delivery.id, State.WAITING, due_at=until, error=delivery.error or "",
                          count_attempt=False)
        return None

    def _quiet_until(self, delivery: Claimed) -> datetime:
        """When the reader's quiet hours end. It was written so that it leaves after them; but a
        channel's rest, a retry or a rate limit may have brought it into the next ones."""
        if (delivery.quiet_from is None or delivery.purpose != Purpose.ANNOUNCEMENT
                or self.composer.is_danger(delivery.announcement_id or 0)):
            return self.now
        return after_quiet(delivery.quiet_from, delivery.quiet_to, self.now)

    def _add(self, deliveries: list[Claimed]) -> None:
        """Pack one contact's deliveries into one envelope."""
        first = deliveries[0]
        try:
            address = first.outlet or self.seals.open(self.channel, first.address or b"")
        except UnreadableAddress as error:
            self._unsent += [Record(d.id, State.REFUSED, error=str(error)) for d in deliveries]
            return
        leave_url = manage_url = ""
        if (self.personal_links and first.contact_id is not None
                and first.purpose == Purpose.ANNOUNCEMENT):
            leave_url = self._link("abmelden", TokenPurpose.LEAVE, first.contact_id, None)
            manage_url = self._link("einstellungen", TokenPurpose.MANAGE, first.contact_id,
                                    self.manage_until)
        self._parcels.append(Parcel(
            Envelope(first.id, address, self._message(deliveries), leave_url, manage_url,
                     *self._followed(deliveries)), deliveries))

    def _followed(self, deliveries: list[Claimed]) -> tuple[int, str]:
        """Which envelope this inbox got before that this one follows, and its receipt where it
        may be changed. A digest tells of other things as well: it neither changes one nor is
        changed."""
        first = deliveries[0]
        earlier = self._earlier.get(first.follows_id or 0)
        if earlier is None or earlier.channel != self.channel or len(deliveries) > 1:
            return 0, ""
        return first.follows_id or 0, "" if earlier.digest else earlier.receipt

    def _link(self, path: str, purpose: TokenPurpose, contact_id: int,
              expires_at: datetime | None) -> str:
        token = self.tokens.make(purpose, contact_id, expires_at=expires_at)
        return f"{self.settings.public_url}/{path}/{token}"

    def _message(self, deliveries: list[Claimed]) -> Message:
        first = deliveries[0]
        language, register = first.language or "de", first.register or "standard"
        if first.purpose == Purpose.STAFF:
            return staff_letter(self.composer.session, self.settings, self.tokens, first)
        if first.purpose in DESK_LETTERS:
            return desk_letter(self.settings, first)
        if first.purpose == Purpose.TRIAL:
            return trial(self.composer, first)
        if first.purpose != Purpose.ANNOUNCEMENT:
            with force_locale(locale_of(language, register)):
                return notice(self.settings, self.tokens, self.channel, first)
        if len(deliveries) == 1:
            return self.composer.message(first.announcement_id or 0, language, register,
                                         _reason(first), bool(first.follows_id))
        wanted = tuple((d.announcement_id or 0, _reason(d), bool(d.follows_id))
                       for d in deliveries)
        return self.digests.message(wanted, language, register)


def _ended(delivery: Claimed, state: State, error: str = "") -> Record:
    if delivery.perhaps_sent:
        return Record(delivery.id, State.UNKNOWN, error=delivery.error or "")
    return Record(delivery.id, state, error=error)


def _reason(delivery: Claimed) -> Reason:
    known = delivery.subscription_id is not None
    return (delivery.topic_id, delivery.neighbourhood_id, known)


def _by_contact(claimed: Iterable[Claimed]) -> Iterable[list[Claimed]]:
    groups: dict[int | None, list[Claimed]] = {}
    for delivery in sorted(claimed, key=lambda d: d.id):
        groups.setdefault(delivery.contact_id, []).append(delivery)
    return groups.values()
