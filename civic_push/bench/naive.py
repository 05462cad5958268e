"""How it is usually done: one webpush() or one Apprise notify() per person."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Sequence

from civic_push.bench.sinks import Sinks


def inboxes_per_second(sinks: Sinks, pushes: Sequence[str], mails: Sequence[str],
                       private_key: str) -> float:
    """Inboxes a second, by the clock, for these push addresses (our canonical spelling) and
    mail addresses."""
    from apprise import Apprise  # noqa: PLC0415  the benchmark alone needs these two
    from py_vapid import Vapid02  # noqa: PLC0415
    from pywebpush import webpush  # noqa: PLC0415

    sinks.start_plain()
    os.environ["REQUESTS_CA_BUNDLE"] = str(sinks.certificate)
    vapid = Vapid02.from_pem(private_key.encode())

    def push(address: str) -> None:
        auth, p256dh, endpoint = address.split(" ")
        endpoint = endpoint.replace(sinks.push_origin, f"https://localhost:{sinks.plain_port}")
        webpush({"endpoint": endpoint, "keys": {"auth": auth, "p256dh": p256dh}},
                "x" * 300, vapid_private_key=vapid, ttl=60, timeout=10,
                vapid_claims={"sub": "mailto:bench@example.org"})

    def mail(address: str) -> None:
        sender = Apprise()
        sender.add(f"mailto://127.0.0.1:{sinks.mail_port}?from=a@example.org&to={address}")
        if not sender.notify(title="Sperrung", body="x" * 3000):
            raise RuntimeError("Apprise could not send")

    began = time.monotonic()
    _each(push, pushes)
    _each(mail, mails)
    return (len(pushes) + len(mails)) / (time.monotonic() - began)


def _each(send: Callable[[str], None], addresses: Sequence[str]) -> None:
    for address in addresses:
        send(address)
