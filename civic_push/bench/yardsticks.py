"""What the machine allows, what our channels reach alone, and the naive way."""

from __future__ import annotations

import os
import statistics
import tempfile
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

import channels
from civic_push.bench import limits, naive, pipes, residents
from civic_push.bench.service import settings_for
from civic_push.bench.sinks import Sinks
from civic_push.config import PREFIX, load

_ROUNDS = 3
_ALONE = 10_000  # messages per round of a channel alone


@dataclass(frozen=True, slots=True)
class Yardsticks:
    """Limits, our channels alone and the naive way, medians of interleaved rounds."""

    agreements: float  # how fast the machine is today: all pushes need one each
    push_limit: float
    mail_limit: float
    push: float
    mail: float
    naive: float

    @property
    def mixed_limit(self) -> float:
        """What the two limits allow for the residents of a run, who are of both kinds."""
        share = residents.PUSH_SHARE
        return 1 / (share / self.push_limit + (1 - share) / self.mail_limit)


def yardsticks(say: Callable[[str], None]) -> Yardsticks:
    """Measure limits and channels in turn, because a machine's speed drifts."""
    with tempfile.TemporaryDirectory(prefix="cp-bench-") as name, Sinks(Path(name)) as sinks:
        values = settings_for(Path(name), sinks, "unix:///none", "")
        config = asdict(load({PREFIX + key.upper(): value for key, value in values.items()}))
        os.environ["SSL_CERT_FILE"] = str(sinks.certificate)
        built = channels.build(config)
        push, mail = built["push"], built["email"]
        pushes = list(residents.push_addresses(sinks.push_origin, _ALONE))
        mails = list(residents.mail_addresses(_ALONE))
        rounds: dict[str, list[float]] = {}
        for number in range(_ROUNDS):
            say(f"limits and channels, round {number + 1} of {_ROUNDS} …")
            agreements, pairs, post = (limits.key_agreements(), limits.key_pairs(),
                                       limits.posts(sinks))
            for key, value in (
                    ("agreements", agreements),
                    ("push_limit", limits.composite(agreements, pairs, post)),
                    ("push", pipes.rate(push, pushes)), ("mail_limit", limits.mails(sinks)),
                    ("mail", pipes.rate(mail, mails))):
                rounds.setdefault(key, []).append(value)
        say("the naive way, 200 inboxes …")
        slow = naive.inboxes_per_second(sinks, pushes[:120], mails[:80],
                                        values["vapid_private_key"])
        return Yardsticks(**{k: statistics.median(v) for k, v in rounds.items()}, naive=slow)
