"""A town with something in it, for looking at its pages: announcements of every kind,
residents with every kind of contact, sources, and the links that lead to their pages."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from channels.base import Urgency
from civic_push.announcements import approval, publishing, templates
from civic_push.announcements.models import Announcement, AnnouncementKind, AnnouncementState
from civic_push.announcements.writing_models import AnnouncementTemplate
from civic_push.db import utcnow
from civic_push.delivery.models import ChannelPause, Delivery, Lane, State
from civic_push.delivery.models import Purpose as SentFor
from civic_push.delivery.pause_models import HELD, AnnouncementPause
from civic_push.demo.filling import announce
from civic_push.intake.models import Item, Source
from civic_push.legal import reports, texts
from civic_push.legal.models import BarrierReport, ReportKind
from civic_push.staff import accounts
from civic_push.staff.models import Staff
from subscriptions.models import Contact, Neighbourhood, Topic
from subscriptions.seals import Seals
from subscriptions.signup import Choices, Inbox, Wording, add_contact, ask, confirm
from subscriptions.tokens import Purpose, Tokens
from tests.journeys.town import Town

# what is hardest to lay out; pictures set ordinary words instead
LONG_WORD = "Rindfleischetikettierungsüberwachungsaufgabenübertragungsgesetz"
LONG_TEXT = f"""## Was sich ändert

{LONG_WORD * 2} gilt **ab sofort** auch in der {LONG_WORD}straße 17.

- Erstens: [mehr dazu](https://www.detmold.example/{'ein-langer-weg/' * 12})
- Zweitens: {LONG_WORD}

| Tag | Ort |
|---|---|
| Montag | {LONG_WORD} |

> Ein Zitat, damit auch das einmal vorkommt.

""" + "Ein Absatz mit vielen Wörtern, die niemand alle lesen möchte. " * 40


class Stage:
    """Fills the town when a page with content is asked for, and empties it when an empty
    page is. `parts` are the numbers and tokens that paths are made of."""

    def __init__(self, town: Town) -> None:
        self.town = town
        self.parts: dict[str, str] = {}
        self._filled = False

    def empty(self) -> None:
        """Nobody and nothing."""
        self.town.clear()
        self._filled = False

    def fill(self, nice: bool = False) -> None:
        """Everything, once; or (`nice`) only what makes a good picture."""
        if self._filled:
            return
        self.town.clear()
        with self.town.database() as session:
            now = utcnow()
            tokens: Tokens = self.town.app.extensions["tokens"]
            self.parts = self._residents(session, tokens, now)
            announce(session, now)
            self.parts |= {"nice": str(session.scalar(
                select(func.max(Announcement.id)))), "feed": self.town.feed.url,
                **_source(session, now)}
            templates.seed(session)
            self.parts["template"] = str(session.scalar(
                select(func.min(AnnouncementTemplate.id))))
            if not nice:
                self.parts |= _announcements(session, now)
                _legal(session, seals=self.town.app.extensions["seals"], now=now)
                session.add(ChannelPause(channel="sms", until=now + timedelta(hours=1),
                                         reason="500 Internal Server Error"))
            session.commit()
        self._filled = True

    def _residents(self, session: Session, tokens: Tokens, now: datetime) -> dict[str, str]:
        seals = self.town.app.extensions["seals"]
        wording = Wording("test", "Ja.")
        anna = ask(session, seals, Choices(), [
            Inbox("email", "anna.mit.einem.sehr.langen.namen@post.einer.langen.adresse.example"),
            Inbox("sms", "+4915123456789"), Inbox("telegram", None)], wording, now)
        for contact, _asked in anna[:2]:
            confirm(session, contact, "link", now)
        first = anna[0][0]
        new = ask(session, seals, Choices(), [Inbox("email", "neu@example.org")], wording,
                  now)[0][0]
        for number in range(12):
            for contact, _asked in ask(
                    session, seals, Choices(), [Inbox("email", f"r{number}@example.org")],
                    wording, now):
                confirm(session, contact, "link", now)
        quiet = _at_home(session, seals, wording, now, first)
        claim = add_contact(session, seals, first.subscriber,
                            Inbox("email", "r0@example.org"), wording, now)
        session.commit()
        later = now + timedelta(hours=2)
        return {
            "quiet": tokens.make(Purpose.MANAGE, quiet.id, expires_at=later),
            "unite": _confirmation(tokens, claim, later),
            "manage": tokens.make(Purpose.MANAGE, first.id, expires_at=later),
            "stale": tokens.make(Purpose.MANAGE, first.id, expires_at=now - timedelta(hours=1)),
            "leave": tokens.make(Purpose.LEAVE, first.id),
            "left": tokens.make(Purpose.LEAVE, 999_999),
            "pending": _confirmation(tokens, new, later),
            "confirmed": _confirmation(tokens, first, later),
        }


def _at_home(session: Session, seals: Seals, wording: Wording, now: datetime, busy: Contact
             ) -> Contact:
    """Give `busy` a browser and a past of every kind; return a contact without a past."""
    browser = add_contact(session, seals, busy.subscriber, Inbox("push", None), wording, now)
    confirm(session, browser, "permission", now)
    for state in State:
        session.add(Delivery(
            contact_id=busy.id, purpose=SentFor.MANAGE, channel="email", state=state,
            lane=Lane.TRANSACTIONAL, created_at=now, due_at=now + timedelta(hours=8),
            expires_at=now + timedelta(days=7)))
    quiet = ask(session, seals, Choices(), [Inbox("email", "still@example.org")], wording,
                now)[0][0]
    confirm(session, quiet, "link", now)
    return quiet


def _legal(session: Session, seals: Seals, now: datetime) -> None:
    """A text of the operator's own with a past, and reported barriers of every kind."""
    for body in ("## بيانات الناشر\n\n$sender", "", f"## الناشر\n\n$sender {LONG_WORD}"):
        texts.write(session, "imprint", "ar", body, None, now)
    for number, (kind, reply_to) in enumerate((
            (ReportKind.BARRIER, "jemand.mit.langem.namen@einer.langen.adresse.example"),
            (ReportKind.REQUEST, "05231 1234"), (ReportKind.BARRIER, ""))):
        reports.receive(session, seals, kind=kind, page="/anmelden",
                        language="ar" if number else "de",
                        message=f"{LONG_WORD}\n\nlässt sich nicht lesen.", reply_to=reply_to,
                        form=str(number), now=now)
    first = session.scalars(select(BarrierReport)).first()
    assert first is not None
    first.answered_at = now


def _confirmation(tokens: Tokens, contact: Contact, until: datetime) -> str:
    return tokens.make(Purpose.CONFIRM, contact.id, challenge=contact.challenge,
                       expires_at=until)


def _announcements(session: Session, now: datetime) -> dict[str, str]:
    topics = session.scalars(select(Topic.id)).all()
    places = session.scalars(select(Neighbourhood.id)).all()

    def write(title: str, body: str = "Ein kurzer Text.", **more: Any) -> Announcement:
        draft = publishing.Draft(title, body, **{"topics": topics[:1], **more})
        return publishing.save(session, draft, now)

    long = write(f"Umbau: {LONG_WORD} und {LONG_WORD}straße", LONG_TEXT, topics=topics,
                 neighbourhoods=places, urgency=Urgency.DANGER,
                 link=f"https://www.detmold.example/{LONG_WORD}",
                 plain_title="Wir bauen um", plain_body="Das dauert bis März.")
    old = write("Schon vorbei", expires_at=now - timedelta(days=1))
    draft = write(f"Entwurf mit {LONG_WORD}", LONG_TEXT, topics=topics, plain_body="Kurz.",
                  urgency=Urgency.IMPORTANT)
    empty = write("Entwurf ohne Text", "", topics=())
    dismissed = write("Doch nicht")
    session.commit()
    publishing.publish(session, long, now)
    publishing.publish(session, old, now - timedelta(days=8))
    chain = _chain(session, topics[:1], now)
    dismissed.state = AnnouncementState.DISMISSED
    session.commit()
    deliveries = _deliveries(session, topics[:1], now)
    waiting = _approvals(session, topics[:1], now)
    return {"long": str(long.id), "old": str(old.id), "draft": str(draft.id),
            "unready": str(empty.id), "dismissed": str(dismissed.id), **chain, **deliveries,
            **waiting}


def _deliveries(session: Session, topics: Sequence[int], now: datetime) -> dict[str, str]:
    """One announcement on its way by every channel, with every kind of failure, and one that
    an editor holds back. Nothing is due on a channel that this town has."""
    found = {}
    for name in ("sending", "held"):
        saved = publishing.save(session, publishing.Draft(
            f"Sperrung der {LONG_WORD}straße", "Kurz.", topics=topics), now)
        publishing.publish(session, saved, now - timedelta(minutes=2))
        saved.fan_out_done_at = now
        session.add_all(_delivery(saved.id, number, now) for number in range(400))
        found[name] = str(saved.id)
    session.add(AnnouncementPause(announcement_id=int(found["held"]), since=now))
    session.commit()
    return found


def _approvals(session: Session, topics: Sequence[int], now: datetime) -> dict[str, str]:
    """What waits for approval, for its time, and what came back."""
    editor = session.scalars(select(Staff)).first()
    author = Staff(email=f"ehrenamt@{LONG_WORD[:50]}.example", created_at=now,
                   fs_uniquifier="author", roles=accounts.roles_named(session, ["author"]))
    session.add(author)
    session.flush()
    assert editor is not None
    saved = [publishing.save(session, publishing.Draft(
        f"Gefahr in der {LONG_WORD}straße", LONG_TEXT, topics=topics, author_id=author.id,
        urgency=Urgency.DANGER if number else Urgency.INFO), now) for number in range(4)]
    session.commit()
    approval.release(session, editor, saved[0], now, at=now + timedelta(days=3))
    for submitted in saved[1:]:
        approval.submit(session, author, submitted, now, at=now + timedelta(days=2),
                        comment=f"Bitte bald: {LONG_WORD}")
    approval.send_back(session, editor, saved[2], now, f"Welche Straße?\n\n{LONG_WORD * 2}")
    session.commit()
    return {"scheduled": str(saved[0].id), "submitted": str(saved[1].id),
            "sent_back": str(saved[2].id)}


def _delivery(announcement_id: int, number: int, now: datetime) -> Delivery:
    """The ledger's row number so-and-so: mostly handed over, sooner or later."""
    channel = ("email", "push", "sms", "telegram")[number % 4]
    state = {7: State.REFUSED, 8: State.UNKNOWN, 9: State.GONE}.get(number % 20, State.SENT)
    waits = number % 9 == 0
    sent = state == State.SENT and not waits
    return Delivery(
        announcement_id=announcement_id, contact_id=10_000_000 + number,
        # in a lane that no worker looks at, so that it goes on waiting
        channel=channel, lane=HELD + Lane.NORMAL if waits else Lane.NORMAL,
        state=State.WAITING if waits else state, attempts=1 + number % 2, created_at=now,
        due_at=now - timedelta(minutes=2), expires_at=now + timedelta(days=2),
        sent_at=now - timedelta(seconds=120 - number / 4) if sent else None,
        error=None if sent or waits else f"554 5.7.1 {LONG_WORD} is not accepted here")


def _chain(session: Session, topics: Sequence[int], now: datetime) -> dict[str, str]:
    """Something withdrawn after its correction, and a correction being written."""
    found: list[Announcement] = []

    def write(kind: AnnouncementKind, minutes: int, change: str = "", body: str | None = None,
              ) -> Announcement:
        body = LONG_TEXT if body is None else body
        saved = publishing.save(session, publishing.Draft(
            f"Brücke an der {LONG_WORD}straße gesperrt", body, topics=topics, kind=kind,
            change=change, urgency=Urgency.DANGER), now, follows=found[-1] if found else None)
        if minutes:
            publishing.publish(session, saved, now - timedelta(minutes=minutes))
        found.append(saved)
        return saved

    original = write(AnnouncementKind.ORIGINAL, 9)
    corrected = write(AnnouncementKind.CORRECTION, 7, "Nur für Lastwagen.", "Kurz.")
    withdrawn = write(AnnouncementKind.WITHDRAWAL, 5, f"Ein Irrtum: {LONG_WORD}.", "")
    found.clear()
    danger = write(AnnouncementKind.ORIGINAL, 3)
    correcting = write(AnnouncementKind.CORRECTION, 0, "Nur bis Samstag.", "Ganz anders.")
    return {"withdrawn": str(original.id), "corrected": str(corrected.id),
            "withdrawal": str(withdrawn.id), "danger": str(danger.id),
            "correcting": str(correcting.id)}


def _source(session: Session, now: datetime) -> dict[str, str]:
    """A source that brought something, and cannot be read at the moment."""
    source = Source(name="Straßenamt", url="https://amt.example/feed.rss", publish=False,
                    interval_minutes=15, next_check_at=now + timedelta(minutes=15),
                    created_at=now, errors=3, last_error="Der Server antwortet nicht.")
    session.add(source)
    session.flush()
    brought = publishing.save(session, publishing.Draft(
        "Vollsperrung in Hiddesen", "Die Straße ist zu.", source_name="Straßenamt",
        link="https://amt.example/1"), now)
    brought.state = AnnouncementState.WAITING
    session.add(Item(source_id=source.id, key="1", title="Vollsperrung in Hiddesen",
                     url="https://amt.example/1", summary=LONG_TEXT[:2000], published_at=now,
                     announcement_id=brought.id, first_seen_at=now))
    session.commit()
    return {"brought": str(brought.id)}
