"""SQLite's one write lock: who waits gets it, and who holds it for good is named."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import text
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session, scoped_session

from civic_push import db as database
from civic_push.db import give_way
from civic_push.integrations import webhooks


@pytest.fixture
def other(app: Flask, session: scoped_session[Session]) -> Iterator[sqlite3.Connection]:
    """Another process's connection, which holds the write lock."""
    url = session.get_bind().engine.url
    if url.get_backend_name() != "sqlite":
        pytest.skip("PostgreSQL locks rows")
    session.remove()
    connection = sqlite3.connect(Path(str(url.database)), isolation_level=None,
                                 check_same_thread=False)
    connection.execute("BEGIN IMMEDIATE")
    yield connection
    connection.close()


def test_a_writer_waits_until_the_lock_is_free(
        other: sqlite3.Connection, session: scoped_session[Session]) -> None:
    threading.Timer(0.05, other.execute, ["ROLLBACK"]).start()
    session.execute(text("UPDATE delivery SET parts = 0"))
    assert not other.in_transaction
    session.commit()


def test_a_lock_that_never_comes_free_is_an_error_and_the_next_try_begins_anew(
        other: sqlite3.Connection, session: scoped_session[Session],
        monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(database, "_PATIENCE", 0.02)
    with pytest.raises(OperationalError, match="locked"):
        session.execute(text("UPDATE delivery SET parts = 0"))
    session.rollback()
    other.execute("ROLLBACK")
    session.execute(text("UPDATE delivery SET parts = 0"))
    session.commit()


def test_the_clock_looks_for_what_programs_want_to_be_told_without_the_lock(
        other: sqlite3.Connection, session: scoped_session[Session],
        monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(database, "_PATIENCE", 0.02)
    assert not webhooks.notice(session, database.utcnow())
    assert other.in_transaction


def test_who_gives_way_lets_a_waiting_writer_in(
        other: sqlite3.Connection, session: scoped_session[Session]) -> None:
    done = threading.Event()

    def write() -> None:
        other.execute("ROLLBACK")
        other.execute("PRAGMA busy_timeout=5000")
        other.execute("UPDATE delivery SET parts = 0")
        done.set()

    waiting = threading.Thread(target=write)
    waiting.start()
    for _ in range(1000):  # one transaction after the other, as a fan-out
        session.execute(text("UPDATE delivery SET parts = 0"))
        session.commit()
        if done.is_set():
            break
        give_way(session())
    waiting.join(5)
    assert done.is_set()
