"""Changing in place what a chat was told (https://core.telegram.org/bots/api#editmessagetext).

Nobody notices an edit, so where it matters an answer beneath it says briefly what changed.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace
from functools import lru_cache
from html import escape
from typing import NamedTuple

from channels.base import Envelope, Message, Urgency

# The message is gone or too old; and what an edit that is repeated gets for an answer
_IMPOSSIBLE = ("message to edit not found", "message can't be edited", "message_id_invalid",
               "message identifier is not specified")
_DONE_BEFORE = "message is not modified"
_RECEIPT = re.compile(r"[1-9][0-9]{0,17}")


class Step(NamedTuple):
    """One message to send: what it says, and the number of the message it answers."""

    envelope: Envelope
    answers: int = 0
    edited: bool = False  # that one already says the new text


def can_edit(envelope: Envelope) -> bool:
    """Whether this inbox has a message that this one may change."""
    return bool(_RECEIPT.fullmatch(envelope.receipt))


def after_edit(envelope: Envelope) -> Step | None:
    """What is sent once the edit is done: a brief answer to what is important, nothing else."""
    if envelope.message.urgency == Urgency.INFO:
        return None
    return Step(envelope._replace(message=_brief(envelope.message)), int(envelope.receipt), True)


def instead_of_edit(envelope: Envelope) -> Step:
    """What is sent where the message can no longer be changed: all of it, as an answer."""
    return Step(envelope, int(envelope.receipt))


def sorted_out(envelopes: Iterable[Envelope]) -> tuple[list[Envelope], list[Step]]:
    """Those that change a message in place, and those that are sent."""
    edits, steps = [], []
    for envelope in envelopes:
        if can_edit(envelope):
            edits.append(envelope)
        else:
            steps.append(Step(envelope))
    return edits, steps


def impossible(description: str) -> bool:
    """Whether the API's words say that there is nothing to edit (any more)."""
    return any(words in description.lower() for words in _IMPOSSIBLE)


def done_before(description: str) -> bool:
    """Whether the API's words say that the message already reads like this."""
    return _DONE_BEFORE in description.lower()


@lru_cache(maxsize=64)
def _brief(message: Message) -> Message:
    return replace(message, text=message.short, html=f"<p>{escape(message.short)}</p>")
