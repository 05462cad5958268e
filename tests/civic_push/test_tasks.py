"""The doorbell: who is rung for, in which order, and what is not rung twice."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from flask import Flask
from rq.worker import SimpleWorker

from civic_push import tasks
from civic_push.delivery.drain import drain
from civic_push.delivery.models import Lane


@pytest.fixture
def two_workers(app: Flask) -> Iterator[None]:
    """Two workers have said that they are there."""
    workers = [SimpleWorker(tasks.queues(tasks.connection()), name=f"w{n}",
                            connection=tasks.connection()) for n in range(2)]
    for worker in workers:
        worker.register_birth()
    yield
    for worker in workers:
        worker.register_death()


def waiting(lane: str) -> list[str]:
    queue = next(q for q in tasks.queues(tasks.connection()) if q.name == lane)
    return [job_id.partition("--")[0] for job_id in queue.job_ids]


@pytest.mark.usefixtures("two_workers")
def test_channels_are_rung_in_turns_so_that_one_slow_provider_does_not_hold_all_workers() -> None:
    tasks.ring(Lane.NORMAL, drain, ("push", Lane.NORMAL), ("email", Lane.NORMAL))
    assert waiting(Lane.NORMAL) == ["drain-push-normal", "drain-email-normal"] * 2


@pytest.mark.usefixtures("two_workers")
def test_what_already_waits_is_not_rung_for_again() -> None:
    tasks.ring_once(Lane.NORMAL, drain, "push", Lane.NORMAL)
    tasks.ring(Lane.NORMAL, drain, ("push", Lane.NORMAL), ("email", Lane.NORMAL))
    assert sorted(waiting(Lane.NORMAL)) == ["drain-email-normal"] * 2 + ["drain-push-normal"] * 2
    tasks.ring(Lane.NORMAL, drain, ("push", Lane.NORMAL), ("email", Lane.NORMAL))
    assert len(waiting(Lane.NORMAL)) == 4


def test_without_any_worker_one_run_waits_for_the_first_that_comes(app: Flask) -> None:
    tasks.ring(Lane.URGENT, drain, ("push", Lane.URGENT))
    tasks.ring(Lane.URGENT, drain, ("push", Lane.URGENT))
    assert waiting(Lane.URGENT) == ["drain-push-urgent"]
