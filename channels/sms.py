"""SMS through the operator's gateway, by Apprise.

Every segment costs money, so a message goes out at most once: what was handed over
without an answer stays unknown and is never repeated.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any, NamedTuple, Self
from urllib.parse import quote

import phonenumbers
from phonenumbers import PhoneNumberFormat, PhoneNumberType

from channels import gsm7, relay
from channels.base import Envelope, InvalidAddress, Kind, Message, Outcome

HOME = "DE"  # numbers without a country code are read as German
# Where residents bring their numbers from: EU, EEA, Switzerland, United Kingdom, Ukraine.
# Elsewhere an SMS can cost a hundred times as much, and forms that send there are a
# known target of toll fraud ("SMS pumping").
COUNTRIES = frozenset((
    "AT", "BE", "BG", "CH", "CY", "CZ", "DE", "DK", "EE", "ES", "FI", "FR", "GB", "GR", "HR",
    "HU", "IE", "IS", "IT", "LI", "LT", "LU", "LV", "MT", "NL", "NO", "PL", "PT", "RO", "SE",
    "SI", "SK", "UA"))
# Languages that read badly without their letters' marks; elsewhere those stand in names.
_MARKS_MATTER = frozenset(("tr", "pl", "cs", "sk", "hu", "ro", "hr", "bs", "sr", "lt", "lv", "sq"))
_MOBILE = {PhoneNumberType.MOBILE, PhoneNumberType.FIXED_LINE_OR_MOBILE}
_MISCONFIGURED = Outcome(
    Kind.LATER, "the gateway's URL is none that Apprise understands", whole=True)


class Sms:
    """The SMS gateway. An address is a mobile number in E.164 ("+4915112345678")."""

    name = "sms"
    batch_size = 1
    repeatable = False
    personal_links = True

    def __init__(self, url: str, per_second: float = 5.0, max_segments: int = 2) -> None:
        self.per_second = per_second
        self._url = url
        self._max_segments = max(1, max_segments)

    @classmethod
    def from_config(cls, config: Mapping[str, Any]) -> Self | None:
        """Build the channel where the town has a gateway."""
        if not config.get("sms_url"):
            return None
        return cls(str(config["sms_url"]), float(config["sms_per_second"]),
                   int(config["sms_max_segments"]))

    def clean(self, address: str) -> str:
        """A mobile number in E.164.

        Raises InvalidAddress: "sms_malformed" for what is no number, "sms_country" for one
        outside COUNTRIES, "sms_landline" for one that may not receive SMS.
        """
        try:
            number = phonenumbers.parse(address, HOME)
        except phonenumbers.NumberParseException as error:
            raise InvalidAddress("sms_malformed", "not a telephone number") from error
        if number.extension or not phonenumbers.is_valid_number(number):
            raise InvalidAddress("sms_malformed", "not a valid telephone number")
        if phonenumbers.region_code_for_number(number) not in COUNTRIES:
            raise InvalidAddress("sms_country", "a number outside the countries we send to")
        if phonenumbers.number_type(number) not in _MOBILE:
            raise InvalidAddress("sms_landline", "not a mobile number")
        return phonenumbers.format_number(number, PhoneNumberFormat.E164)

    def send(self, envelopes: Sequence[Envelope]) -> Iterator[tuple[int, Outcome]]:
        """Send one after the other; see Channel.send."""
        for envelope in envelopes:
            text = compose(envelope.message, self._max_segments, envelope.leave_url)
            try:
                plugin = relay.service(self._for(envelope.address))
            except relay.BadService:
                yield envelope.id, _MISCONFIGURED
                continue
            outcome = relay.hand_over(plugin, text)
            if outcome.kind in (Kind.SENT, Kind.UNKNOWN):  # what may be on the bill
                outcome = outcome._replace(parts=gsm7.segments(text))
            yield envelope.id, outcome

    def check(self) -> str | None:
        """Try whether Apprise takes the URL and the gateway's port is open."""
        try:
            plugin = relay.service(self._for("+4915112345678"))
        except relay.BadService:
            return "CIVIC_PUSH_SMS_URL is no URL that Apprise understands."
        return relay.reachable(plugin)

    def close(self) -> None:
        """Close connections."""
        relay.close()

    def _for(self, number: str) -> str:
        return self._url.replace("{to}", quote(number, safe=""))


class Preview(NamedTuple):
    """What an SMS will be, known before any is sent."""

    text: str
    segments: int
    encoding: str  # "GSM-7" or "UCS-2" (3GPP TS 23.038)
    whole: bool  # False: words were cut so that it fits


def preview(message: Message, max_segments: int, leave_url: str = "") -> Preview:
    """The SMS that everybody gets, with a sample of the link that is everybody's own."""
    text = compose(message, max_segments, leave_url)
    return Preview(text, gsm7.segments(text), "GSM-7" if gsm7.is_gsm7(text) else "UCS-2",
                   whole=text.startswith(_words(message)))


def compose(message: Message, max_segments: int, leave_url: str = "") -> str:
    """The text of an SMS: who speaks, what there is to say, the link; and the way out where
    that still fits, since it must not cost the message its words."""
    text = _compose(message, max_segments)
    if leave_url and message.leave_label and message.url and not message.stop_hint:
        longer = f"{text} {gsm7.plain(message.leave_label)}: {leave_url}"
        if gsm7.segments(longer) <= max_segments:
            return longer
    return text


@lru_cache(maxsize=64)
def _compose(message: Message, max_segments: int) -> str:
    text = _words(message)
    if not message.url:
        return text  # a confirmation code is worth nothing when cut
    text = gsm7.fit(text, message.short_url or message.url, max_segments)
    for more in (message.mark, message.stop_hint):
        text = _with(text, gsm7.plain(more), max_segments)
    return text


def _words(message: Message) -> str:
    said = gsm7.plain(message.alone or message.short or message.title)
    sender = gsm7.plain(message.sender)
    text = f"{sender}: {said}" if sender and not said.startswith(sender) else said
    spell_all = message.text_tag.partition("-")[0] in _MARKS_MATTER
    return text if spell_all else gsm7.without_marks(text)


def _with(text: str, more: str, max_segments: int) -> str:
    """`text` and one thing more, where nothing else has to go for it."""
    longer = f"{text} {more}"
    return longer if more and gsm7.segments(longer) <= max_segments else text
