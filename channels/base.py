"""What every channel promises.

A channel takes a batch of envelopes and answers with exactly one outcome for
each, as soon as it knows it. Channels know values, never tables: they import
nothing of the house and of the other rooms.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple, Protocol


class Urgency(StrEnum):
    """How pressing an announcement is, and so what it may interrupt."""

    INFO = "info"
    IMPORTANT = "important"
    DANGER = "danger"


_RIGHT_TO_LEFT = frozenset(("ar", "fa", "he", "ur"))


def direction_of(language: str) -> str:
    """Where lines of a language (BCP 47) begin: "ltr" or "rtl"."""
    return "rtl" if language.partition("-")[0].lower() in _RIGHT_TO_LEFT else "ltr"


class InvalidAddress(ValueError):
    """An address this channel can never reach.

    `code` names the reason for the house, which words it in the reader's
    language; the exception's text is for logs and never repeats the address.
    """

    def __init__(self, code: str, text: str) -> None:
        super().__init__(text)
        self.code = code


@dataclass(frozen=True, slots=True)
class Message:
    """One text in one language and register: composed once, sent to many.

    Frozen and hashable, so that a channel can keep what it made of it
    (`functools.lru_cache`) and pay for composing once per message.
    """

    key: str  # stable per announcement, [A-Za-z0-9_-]{1,32}: notification tag, push Topic
    title: str
    text: str  # plain text, paragraphs separated by blank lines
    html: str  # safe HTML fragment (no <html>, <head>, <body>), already sanitised
    short: str  # one sentence for push, which shows the title above it
    url: str  # page where the whole of it stands
    language: str  # BCP 47, the reader's: "de", "en"
    direction: str = "ltr"  # "rtl" for Arabic
    text_language: str = ""  # of title, text, html, short and alone; "" = the reader's
    plain: bool = False  # these are in Einfache Sprache and want its layout
    note: str = ""  # "Diese Meldung gibt es nicht auf …", where the reader wanted another text
    mark: str = ""  # the same in two or three words, for SMS and push
    alone: str = ""  # the sentence where no title stands beside it (SMS); "" = short
    short_url: str = ""  # leads to `url`, in few characters; "" = url
    stop_hint: str = ""  # "Ende: STOP", where answers to an SMS are read
    urgency: Urgency = Urgency.INFO
    expires_at: datetime | None = None  # aware UTC; never sent later than this
    why: str = ""  # "Sie erhalten dies, weil Sie … abonniert haben."
    sender: str = ""  # who speaks: "Stadt Detmold"
    leave_label: str = ""  # words of the links that every message carries
    manage_label: str = ""
    imprint_label: str = ""
    imprint_url: str = ""
    privacy_label: str = ""
    privacy_url: str = ""
    action_label: str = ""  # words of the link to `url`; "" when the message has no page
    fewer_label: str = ""  # words of the way to fewer messages like this one
    list_id: str = ""  # RFC 2919 identifier; "" for mails that are no list mails
    thread: str = ""  # key of the message this one corrects or withdraws; it may be its own

    @property
    def text_tag(self) -> str:
        """The language tag of what is said, which may not be the reader's."""
        return self.text_language or self.language

    @property
    def text_direction(self) -> str:
        """ "ltr" or "rtl" for what is said."""
        return direction_of(self.text_language) if self.text_language else self.direction


class Envelope(NamedTuple):
    """One message for one inbox. (A tuple, because many are made: it costs a third.)"""

    id: int  # the delivery's id: outcomes are reported under it, receipts refer to it
    address: str  # canonical, as `Channel.clean` gave it
    message: Message
    leave_url: str = ""  # per contact; empty where there is nothing to leave
    manage_url: str = ""
    follows: int = 0  # id of the envelope this inbox got before, which this one follows; 0 = none
    receipt: str = ""  # the provider's own name of that one, where it may be changed in place


class Kind(StrEnum):
    """The five outcomes a handed-over message can have."""

    SENT = "sent"
    LATER = "later"  # nothing was delivered; the provider is busy or away
    REFUSED = "refused"  # this message will never pass (too large, malformed)
    GONE = "gone"  # this address will never work again: end the contact
    UNKNOWN = "unknown"  # handed over, no answer


class Outcome(NamedTuple):
    """What became of one envelope, in our words instead of the provider's.

    `after` is the provider's own Retry-After in seconds. `whole` says that not
    this message but the provider failed, so that the channel should pause.
    `parts` counts what is paid for (SMS segments). `detail` is a short technical
    text without personal data, `receipt` the provider's own name of the message.
    """

    kind: Kind
    detail: str = ""
    receipt: str = ""
    after: float | None = None
    whole: bool = False
    parts: int = 0


class Channel(Protocol):
    """A way out. One instance a process; connections are opened when first needed
    and never inherited across a fork."""

    name: str  # as stored with contacts and deliveries: "email", "push", …
    batch_size: int  # how many envelopes `send` wants at once
    per_second: float  # rate limit shared by all workers; 0 = none
    repeatable: bool  # may a message whose outcome is unknown go out again?
    personal_links: bool  # do messages carry the contact's own links (leave, manage)?

    def clean(self, address: str) -> str:
        """Return the address in its one canonical spelling, or raise InvalidAddress."""
        ...

    def send(self, envelopes: Sequence[Envelope]) -> Iterator[tuple[int, Outcome]]:
        """Hand the envelopes over; yield (envelope id, outcome) once for each.

        Never raises for a provider's failure: that is an outcome. Yields early and
        often, so that the ledger knows what has left before the batch is through.
        """
        ...

    def check(self) -> str | None:
        """Try the provider without sending. Return what is wrong, in one English
        sentence for the operator, or None."""
        ...

    def close(self) -> None:
        """Close connections; the channel may be used again afterwards."""
        ...
