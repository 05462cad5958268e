"""Telegram, by the Bot API itself (https://core.telegram.org/bots/api).

One `sendMessage` per chat over kept connections. The message is composed once; only the
links that belong to a contact are put in per chat. The bot's token is part of every
address, so it never appears in an outcome, a log or an exception.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from html import escape
from typing import Any, NamedTuple, Self
from zoneinfo import ZoneInfo

from channels.base import Envelope, InvalidAddress, Kind, Outcome, Urgency
from channels.http_pool import HttpPool, Limits, Post, Reply, origin
from channels.telegram_edits import (
    Step,
    after_edit,
    done_before,
    impossible,
    instead_of_edit,
    sorted_out,
)
from channels.telegram_text import LEAVE, MANAGE, compose

NIGHT = (22, 7)  # the town's hours in which only danger makes a sound
_QUIET = (Urgency.INFO,)
_QUIET_AT_NIGHT = (Urgency.INFO, Urgency.IMPORTANT)
_TOWN_TIME = ZoneInfo("Europe/Berlin")
_HEADERS = ["Content-Type: application/json", "Expect:"]
_CHAT_ID = re.compile(r"-?[1-9][0-9]{0,18}")
# The answer repeats the whole message and may be longer than what the pool keeps of it.
_ACCEPTED = re.compile(rb'\s*\{"ok":\s*true,\s*"result":\s*\{"message_id":\s*(\d+)')
_NO_CHAT = ("chat not found", "peer_id_invalid", "user not found", "user_deactivated")


class _Answer(NamedTuple):
    """What the Bot API says in its JSON envelope."""

    ok: bool
    code: int
    description: str
    result: Any
    retry_after: float | None


class Telegram:
    """The town's bot. An address is a chat id, which only the resident can give us, by
    pressing "start"."""

    name = "telegram"
    batch_size = 30
    repeatable = False
    personal_links = True

    def __init__(self, token: str, api: str = "https://api.telegram.org",
                 per_second: float = 30.0, bot: str = "", limits: Limits | None = None) -> None:
        self.per_second = per_second
        self._bot = bot
        self._base = f"{api.rstrip('/')}/bot{token}/"
        # an answer later than this is unknown: Telegram itself gives up sooner
        limits = limits or Limits(in_flight=16, per_host=4, total_seconds=30)
        self._pool = HttpPool(trusted={origin(api)}, repeatable=False, limits=limits)

    @classmethod
    def from_config(cls, config: Mapping[str, Any]) -> Self | None:
        """Build the channel where the town has a bot."""
        if not config.get("telegram_token"):
            return None
        return cls(str(config["telegram_token"]), str(config["telegram_api"]),
                   float(config["telegram_per_second"]), str(config["telegram_bot"]))

    def clean(self, address: str) -> str:
        """A chat id in its one spelling. Raises InvalidAddress("telegram_malformed")."""
        if not _CHAT_ID.fullmatch(address.strip()):
            raise InvalidAddress("telegram_malformed", "not a Telegram chat id")
        return address.strip()

    def send(self, envelopes: Sequence[Envelope]) -> Iterator[tuple[int, Outcome]]:
        """Send to every chat; see Channel.send."""
        edits, steps = sorted_out(envelopes)
        if edits:
            yield from self._edit(edits, steps)
        night = is_night(datetime.now(UTC))
        edited = {s.envelope.id: s.envelope.receipt for s in steps if s.edited}
        posts = (Post(s.envelope.id, f"{self._base}sendMessage", _HEADERS,
                      body(s.envelope, night, s.answers)) for s in steps)
        for number, reply in self._pool.post_many(posts):
            result = outcome(reply)
            if number in edited and result.kind == Kind.SENT:
                # what is changed next time is the message itself, not the answer beneath it
                result = result._replace(receipt=edited[number])
            yield number, result

    def _edit(self, envelopes: Sequence[Envelope], steps: list[Step]
              ) -> Iterator[tuple[int, Outcome]]:
        """Change messages in place; `steps` gets what is to be sent then, or instead. An edit
        without an answer is tried again: it is the same twice."""
        by_id = {e.id: e for e in envelopes}
        posts = (Post(e.id, f"{self._base}editMessageText", _HEADERS, edit_body(e))
                 for e in envelopes)
        for number, reply in self._pool.post_many(posts):
            answer = _read(reply)
            if reply.status == 200 or (answer and done_before(answer.description)):
                step = after_edit(by_id[number])
            elif answer and answer.code == 400 and impossible(answer.description):
                step = instead_of_edit(by_id[number])
            else:
                result = outcome(reply)
                yield number, (result._replace(kind=Kind.LATER)
                               if result.kind == Kind.UNKNOWN else result)
                continue
            if step is None:
                yield number, Outcome(Kind.SENT, receipt=by_id[number].receipt)
            else:
                steps.append(step)

    def check(self) -> str | None:
        """Ask the API who we are."""
        reply = self._pool.post(f"{self._base}getMe", _HEADERS, b"{}")
        if reply.status == 0:
            return f"The Telegram Bot API cannot be reached ({reply.error})."
        answer = _read(reply)
        if answer is None:
            return f"Telegram's address answers, but not as the Bot API (status {reply.status})."
        if not answer.ok:
            return f"Telegram does not accept the bot's token ({_words(answer.description)})."
        name = answer.result.get("username") if isinstance(answer.result, dict) else None
        if str(name).lower() != self._bot.lower():
            return (f"CIVIC_PUSH_TELEGRAM_BOT is “{self._bot}”, but the token belongs to "
                    f"“{name}”; start links would lead to another bot.")
        return None

    def close(self) -> None:
        """Close connections."""
        self._pool.close()


def is_night(moment: datetime) -> bool:
    """Whether the town sleeps at an aware time."""
    hour = moment.astimezone(_TOWN_TIME).hour
    return hour >= NIGHT[0] or hour < NIGHT[1]


def body(envelope: Envelope, night: bool = False, answers: int = 0) -> bytes:
    """The JSON of one `sendMessage`, beneath the message it answers, if any. Only what
    presses makes a sound, and at night only danger does."""
    quiet = envelope.message.urgency in (_QUIET_AT_NIGHT if night else _QUIET)
    beneath = {"reply_parameters": {"message_id": answers, "allow_sending_without_reply": True}}
    return json.dumps({**_content(envelope), "disable_notification": quiet,
                       **(beneath if answers else {})}).encode()


def edit_body(envelope: Envelope) -> bytes:
    """The JSON of one `editMessageText`."""
    return json.dumps({**_content(envelope), "message_id": int(envelope.receipt)}).encode()


def _content(envelope: Envelope) -> dict[str, Any]:
    text = compose(envelope.message, bool(envelope.leave_url), bool(envelope.manage_url))
    text = text.replace(LEAVE, escape(envelope.leave_url))
    text = text.replace(MANAGE, escape(envelope.manage_url))
    return {"chat_id": int(envelope.address), "text": text, "parse_mode": "HTML",
            "link_preview_options": {"is_disabled": True}}


def outcome(reply: Reply) -> Outcome:
    """Put Telegram's answer into our words."""
    if reply.status == 0:
        if reply.sent:
            return Outcome(Kind.UNKNOWN, reply.error)
        return Outcome(Kind.LATER, reply.error, whole=True)
    if reply.status == 200 and (accepted := _ACCEPTED.match(reply.body)):
        return Outcome(Kind.SENT, receipt=accepted[1].decode())
    answer = _read(reply)
    if answer is None:
        return _not_telegram(reply)
    if answer.ok:
        return Outcome(Kind.UNKNOWN, "accepted without a message id")
    return _refusal(answer)


def _refusal(answer: _Answer) -> Outcome:
    detail = f"{answer.code} {_words(answer.description)}"
    if answer.code == 429:
        return Outcome(Kind.LATER, detail, after=answer.retry_after, whole=True)
    if answer.code == 403:  # blocked, deactivated, or never started
        return Outcome(Kind.GONE, detail)
    if answer.code == 400:
        gone = any(words in answer.description.lower() for words in _NO_CHAT)
        return Outcome(Kind.GONE if gone else Kind.REFUSED, detail)
    if answer.code == 413:
        return Outcome(Kind.REFUSED, detail)
    # 401 and 404 speak of the token; anything else is no judgement on the message either
    return Outcome(Kind.LATER, detail, after=answer.retry_after, whole=answer.code < 500)


def _not_telegram(reply: Reply) -> Outcome:
    """An answer that is no Bot API answer, from a proxy or a wrong address. Nobody's
    contact ends because a proxy said 403."""
    detail = f"{reply.status} without a Bot API answer"
    if 200 <= reply.status < 300:
        return Outcome(Kind.UNKNOWN, detail)
    return Outcome(Kind.LATER, detail, after=_seconds(reply.headers.get("retry-after")),
                   whole=reply.status < 500)


def _read(reply: Reply) -> _Answer | None:
    """Read the API's envelope; None where it is none."""
    try:
        data = json.loads(reply.body)
    except ValueError:
        return None
    if not isinstance(data, dict) or not isinstance(data.get("ok"), bool):
        return None
    parameters = data.get("parameters")
    after = parameters.get("retry_after") if isinstance(parameters, dict) else None
    code = data.get("error_code", reply.status)
    return _Answer(data["ok"], code if isinstance(code, int) else reply.status,
                   str(data.get("description", "")), data.get("result"), _seconds(after))


def _seconds(value: object) -> float | None:
    try:
        seconds = float(value)  # type: ignore[arg-type]
    except (TypeError, ValueError):
        return None
    return seconds if 0 <= seconds < 1e6 else None


def _words(description: str) -> str:
    """The API's description, short, and without digits that could be somebody's chat."""
    return re.sub(r"\d{5,}", "…", description)[:160]
