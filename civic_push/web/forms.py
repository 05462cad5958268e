"""Reading the forms of residents: what was typed, what is wrong with it, what it means."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files

from flask import current_app
from sqlalchemy import or_, select
from sqlalchemy.orm import Session
from werkzeug.datastructures import MultiDict

from channels.base import Channel, InvalidAddress
from civic_push.config import settings
from civic_push.languages import LANGUAGES
from civic_push.web.language import _
from civic_push.web.sentences import about_address, nothing_chosen
from subscriptions.models import Contact, Frequency, Neighbourhood, Register, Topic
from subscriptions.signup import Choices, Inbox

ALL = "alle"  # the value of "whole town" and "all topics"
WAYS = ("email", "sms", "telegram", "push")
"""Channels residents can choose, in the order the form shows them."""
TYPED_ADDRESSES = ("email", "sms")
"""Those whose address is typed in; the others prove theirs later, by "start" or permission."""


class Typed:
    """What a visitor entered, kept for showing the form again, and the sentences about what
    is wrong, by field name in the order of the page."""

    def __init__(self, values: MultiDict[str, str] | None = None) -> None:
        self.values: MultiDict[str, str] = values if values is not None else MultiDict()
        self.errors: dict[str, str] = {}

    def text(self, name: str) -> str:
        """The entered text, without blanks around it."""
        return self.values.get(name, "").strip()

    def ticked(self, name: str, value: str = "ja") -> bool:
        """Whether this value of a checkbox, radio or select was chosen."""
        return value in self.values.getlist(name)


@dataclass(frozen=True, slots=True)
class Offer:
    """What can be asked for here: topics, Ortsteile, and the channels the town has set up."""

    topics: Sequence[Topic]
    neighbourhoods: Sequence[Neighbourhood]
    channels: Mapping[str, Channel]


def offer(session: Session, kept: Collection[int] = ()) -> Offer:
    """Read what residents can choose from; `kept` as for `topics_on_offer`."""
    return Offer(
        topics_on_offer(session, kept),
        session.scalars(select(Neighbourhood).order_by(Neighbourhood.name)).all(),
        ways())


def topics_on_offer(session: Session, kept: Collection[int] = ()) -> Sequence[Topic]:
    """The topics in their order, without those that are retired. `kept` are ids of some that
    are shown all the same: who has them must be able to keep them."""
    return session.scalars(
        select(Topic).where(or_(Topic.retired_at.is_(None), Topic.id.in_(kept)))
        .order_by(Topic.position, Topic.name)).all()


def ways() -> dict[str, Channel]:
    """The channels set up, in the form's order. Telegram needs the bot's name for its link."""
    up: Mapping[str, Channel] = current_app.extensions["channels"]
    return {name: up[name] for name in WAYS
            if name in up and (name != "telegram" or settings().telegram_bot)}


def read_choices(typed: Typed, offered: Offer) -> Choices:
    """Where, what and how; errors go to `typed`."""
    places = _read_ids(typed, "ortsteil", (n.id for n in offered.neighbourhoods),
                       nothing_chosen("ortsteil"))
    topics = _read_ids(typed, "thema", (t.id for t in offered.topics),
                       nothing_chosen("thema"))
    language = typed.text("sprache")
    quiet_from, quiet_to = _hour(typed.text("ruhe_von")), _hour(typed.text("ruhe_bis"))
    if (quiet_from is None) != (quiet_to is None):
        missing = "ruhe_von" if quiet_from is None else "ruhe_bis"
        typed.errors[missing] = _("Wählen Sie Anfang und Ende der Ruhezeit, oder beides nicht.")
    return Choices(
        topics=topics, neighbourhoods=places,
        language=language if language in LANGUAGES else "de",
        register=Register.PLAIN if typed.ticked("form", Register.PLAIN) else Register.STANDARD,
        quiet_from=quiet_from, quiet_to=quiet_to)


def read_inboxes(typed: Typed, channels: Mapping[str, Channel]) -> list[Inbox]:
    """The contacts asked for; errors go to `typed`. An empty list without an error means
    that none was chosen."""
    inboxes = []
    for name, channel in channels.items():
        if name in TYPED_ADDRESSES:
            address = read_address(typed, name, name, channel)
        else:
            address = None
            if not typed.ticked(name):
                continue
        if address is not None or name not in TYPED_ADDRESSES:
            inboxes.append(Inbox(name, address, *read_rhythm(typed, name)))
    return inboxes


def read_address(typed: Typed, field: str, name: str, channel: Channel) -> str | None:
    """The canonical address in a field; None where it is empty or (then with an error)
    cannot be reached."""
    text = typed.text(field)
    if not text:
        return None
    try:
        address = channel.clean(text)
        if name == "email" and is_disposable(address):
            raise InvalidAddress("email_disposable", "an inbox that ends after minutes")
    except InvalidAddress as error:
        typed.errors[field] = about_address(error.code)
        return None
    return address


def is_disposable(address: str) -> bool:
    """Whether a mail address's domain, or one it lies under, gives out inboxes that end
    after minutes: confirmations would be wasted, and messages bounce."""
    labels = address.rpartition("@")[2].split(".")
    domains = {".".join(labels[i:]) for i in range(len(labels))}
    return not domains.isdisjoint(_disposable() | set(settings().disposable_domains))


@lru_cache(maxsize=1)
def _disposable() -> frozenset[str]:
    text = files("civic_push").joinpath("data", "disposable_domains.txt").read_text("utf-8")
    return frozenset(line for line in text.split("\n") if line and not line.startswith("#"))


def read_rhythm(typed: Typed, prefix: str) -> tuple[Frequency, int, int]:
    """How often, at which local hour and on which weekday (Monday = 0)."""
    often = typed.text(f"{prefix}_oft")
    frequency = Frequency(often) if often in list(Frequency) else Frequency.NOW
    hour = _hour(typed.text(f"{prefix}_stunde"))
    weekday = typed.text(f"{prefix}_tag")
    return (frequency, 18 if hour is None else hour,
            int(weekday) if weekday in list("0123456") else 4)


def show_choices(choices: Choices) -> MultiDict[str, str]:
    """Choices as form values, the reverse of `read_choices`."""
    values = MultiDict([("ortsteil", str(i)) for i in choices.neighbourhoods or (ALL,)])
    values.setlist("thema", [str(i) for i in choices.topics or (ALL,)])
    values["sprache"], values["form"] = choices.language, choices.register
    values["ruhe_von"] = "" if choices.quiet_from is None else str(choices.quiet_from)
    values["ruhe_bis"] = "" if choices.quiet_to is None else str(choices.quiet_to)
    return values


def show_rhythm(contact: Contact, prefix: str) -> dict[str, str]:
    """A contact's rhythm as form values, the reverse of `read_rhythm`."""
    return {f"{prefix}_oft": contact.frequency, f"{prefix}_stunde": str(contact.digest_hour),
            f"{prefix}_tag": str(contact.digest_weekday)}


def _read_ids(typed: Typed, name: str, known: Iterable[int], sentence: str) -> list[int]:
    """The ids ticked, or none for "all"; nothing ticked is an error, because "all" shall be
    said and not happen."""
    if typed.ticked(name, ALL):
        return []
    ids = sorted({i for i in known if typed.ticked(name, str(i))})
    if not ids:
        typed.errors[name] = sentence
    return ids


def _hour(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and int(text) < 24 else None
