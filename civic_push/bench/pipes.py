"""Our channels alone: envelopes in memory, no ledger, per CPU-second of this process."""

from __future__ import annotations

import time
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from channels.base import Channel, Envelope, Kind, Message

_LINK = "https://push.stadt.example/abmelden/" + "x" * 38


def message() -> Message:
    """A message of ordinary length."""
    sentence = "Die Bielefelder Straße ist bis Freitag zwischen Hausnummer 12 und 40 gesperrt. "
    return Message(
        key="a1", title="Sperrung der Bielefelder Straße", text=sentence * 12,
        html=f"<p>{sentence * 12}</p>", short=sentence * 3,
        url="https://push.stadt.example/meldungen/1", language="de",
        expires_at=datetime.now(UTC) + timedelta(days=1),
        why="Sie erhalten diese Nachricht, weil Sie „Baustellen“ für Hiddesen abonniert haben.",
        sender="Stadt Detmold", leave_label="Abmelden", manage_label="Einstellungen ändern",
        imprint_label="Impressum", imprint_url="https://push.stadt.example/impressum",
        privacy_label="Datenschutz", privacy_url="https://push.stadt.example/datenschutz",
        action_label="Auf der Webseite lesen", list_id="meldungen.push.stadt.example")


def rate(channel: Channel, addresses: Sequence[str]) -> float:
    """Messages per CPU-second through one channel; raises RuntimeError unless all arrived."""
    one = message()
    envelopes = [Envelope(number, address, one, _LINK, _LINK)
                 for number, address in enumerate(addresses)]
    began = time.process_time()
    for start in range(0, len(envelopes), channel.batch_size):
        for _, outcome in channel.send(envelopes[start:start + channel.batch_size]):
            if outcome.kind != Kind.SENT:
                raise RuntimeError(f"{channel.name}: {outcome}")
    return len(envelopes) / (time.process_time() - began)
