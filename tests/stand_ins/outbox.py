"""A real Channel that delivers into a list, with outcomes of the test's choosing."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from channels.base import Envelope, Kind, Outcome


class Outbox:
    """Remembers every envelope; `answer` decides what becomes of each."""

    personal_links = True

    def __init__(self, name: str = "email", *, batch_size: int = 500, per_second: float = 0.0,
                 repeatable: bool = True,
                 answer: Callable[[Envelope], Outcome] = lambda _: Outcome(Kind.SENT)) -> None:
        self.name, self.batch_size = name, batch_size
        self.per_second, self.repeatable, self.answer = per_second, repeatable, answer
        self.sent: list[Envelope] = []

    def clean(self, address: str) -> str:
        return address

    def send(self, envelopes: Sequence[Envelope]) -> Iterator[tuple[int, Outcome]]:
        for envelope in envelopes:
            self.sent.append(envelope)
            yield envelope.id, self.answer(envelope)

    def check(self) -> str | None:
        return None

    def close(self) -> None:
        pass
