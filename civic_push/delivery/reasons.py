"""Why somebody did not get an announcement: the engine's and providers' words, sorted.

Only for people at the desk. What the engine does with an answer was decided when it came
(the channels' outcomes); nothing is decided here but whether trying again makes sense.
"""

from __future__ import annotations

import re
from enum import StrEnum

from civic_push.delivery.cutting_off import REPLACED, STOPPED
from civic_push.delivery.ledger import WORKER_ENDED
from civic_push.delivery.models import State


class Reason(StrEnum):
    """Why a delivery ended otherwise than handed over."""

    GONE = "gone"
    BLOCKED = "blocked"  # the receiving side wants nothing from us, or took it for spam
    ACCOUNT = "account"  # our own key or account was not accepted
    TOO_LARGE = "too_large"
    MALFORMED = "malformed"
    REFUSED = "refused"  # for reasons we do not know
    NO_ANSWER = "no_answer"
    WORKER_ENDED = "worker_ended"
    TOO_LATE = "too_late"
    STOPPED = "stopped"
    REPLACED = "replaced"
    LEFT = "left"


WORTH_ANOTHER_TRY = frozenset({
    Reason.BLOCKED, Reason.ACCOUNT, Reason.REFUSED, Reason.NO_ANSWER, Reason.WORKER_ENDED,
    Reason.TOO_LATE})
PERHAPS_ARRIVED = frozenset({Reason.NO_ANSWER, Reason.WORKER_ENDED})
"""To send these again may double a message."""

_REFUSALS = (
    (Reason.TOO_LARGE, re.compile(
        r"\b(413|552|5\.3\.4|5\.2\.3)\b|too (large|long|big)|exceeds? .*(size|limit)", re.I)),
    (Reason.MALFORMED, re.compile(
        r"malformed|\b(400|406|414|422|501|553)\b|invalid|not readable|unreadable|can't parse",
        re.I)),
    (Reason.ACCOUNT, re.compile(r"\b(401|403|402)\b|vapid|unauthori[sz]ed|credential", re.I)),
    (Reason.BLOCKED, re.compile(
        r"\b5\.7\.\d+\b|\b554\b|spam|blocked|blacklist|block list|polic|reputation|denied", re.I)),
)


def reason_of(state: str, error: str) -> Reason:
    """Sort one ended delivery by its state and the sentence that stands with it."""
    if state == State.REFUSED:
        return next((reason for reason, words in _REFUSALS if words.search(error)),
                    Reason.REFUSED)
    if state == State.UNKNOWN:
        return Reason.WORKER_ENDED if error.endswith(WORKER_ENDED) else Reason.NO_ANSWER
    if state == State.CANCELLED:
        return {STOPPED: Reason.STOPPED, REPLACED: Reason.REPLACED}.get(error, Reason.LEFT)
    return Reason.GONE if state == State.GONE else Reason.TOO_LATE
