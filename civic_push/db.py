"""The database: one `db`, one clock, and the two dialects' differences kept here."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import Any, cast

from flask import Flask, has_request_context, request
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import (
    ARRAY,
    BigInteger,
    ColumnElement,
    Connection,
    Engine,
    Select,
    any_,
    event,
    func,
    literal,
    select,
    true,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import IntegrityError, OperationalError
from sqlalchemy.orm import Session

from subscriptions.base import Base, BigId, UTCDateTime

__all__ = ["Base", "BigId", "UTCDateTime", "add_missing", "db", "give_way", "init_db", "is_sqlite",
           "one_of", "read_only", "utcnow", "writing"]

# Tables inherit from Base, which the rooms know, rather than from db.Model.
db = SQLAlchemy(metadata=Base.metadata)


_PATIENCE = 30  # seconds to wait for SQLite's write lock …
_TURN = 0.002  # … asking so often

_reading = ContextVar("reading", default=False)
_writing = ContextVar("writing", default=False)


@contextmanager
def read_only(session: Session) -> Iterator[None]:
    """Read without holding SQLite's one write lock; begin with no open transaction. It ends
    with a commit, because a rollback makes psycopg forget its prepared statements."""
    mark = _reading.set(True)
    try:
        yield
        session.commit()
    finally:
        session.rollback()  # nothing is left to roll back unless reading failed
        _reading.reset(mark)


@contextmanager
def writing(session: Session) -> Iterator[None]:
    """Write although the request is a GET, for answers that must come by one; what was begun
    before is rolled back."""
    session.rollback()
    mark = _writing.set(True)
    try:
        yield
    finally:
        session.rollback()
        _writing.reset(mark)


def utcnow() -> datetime:
    """Now, as aware UTC. Called at the edges only; rules take `now` as an argument."""
    return datetime.now(UTC)


def init_db(app: Flask) -> None:
    """Join the database to the app, and SQLite to our way of transactions."""
    db.init_app(app)
    with app.app_context():
        if db.engine.dialect.name == "sqlite":
            event.listen(db.engine, "connect", _prepare_sqlite)
            event.listen(db.engine, "begin", _begin_sqlite)
        else:
            event.listen(db.engine, "connect", _prepare_postgres)


def engine_options(url: str) -> dict[str, Any]:
    """Options for `SQLALCHEMY_ENGINE_OPTIONS`."""
    if url.startswith("sqlite"):
        return {"connect_args": {"timeout": _PATIENCE, "check_same_thread": False}}
    return {"pool_pre_ping": True, "pool_size": 4, "max_overflow": 12}


def _prepare_sqlite(connection: Any, _record: Any) -> None:
    connection.isolation_level = None  # we begin transactions ourselves, below
    cursor = connection.cursor()
    for pragma in ("journal_mode=WAL", "synchronous=NORMAL", "foreign_keys=ON",
                   f"busy_timeout={_PATIENCE * 1000}", "wal_autocheckpoint=8000",
                   "temp_store=MEMORY", "cache_size=-32000"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _prepare_postgres(connection: Any, _record: Any) -> None:
    """Our statements are short and touch few rows by key: an index is right even where the
    default cost of a random page, made for spinning disks, says otherwise; compiling never
    pays."""
    connection.execute("SET random_page_cost = 1.1")
    connection.execute("SET jit = off")
    connection.commit()


def _begin_sqlite(connection: Connection) -> None:
    """A transaction that will write must say so at its start: upgrading a reader fails at
    once when another process wrote in between. Only a GET is sure not to write."""
    reading = _reading.get() or (not _writing.get() and has_request_context()
                                 and request.method in ("GET", "HEAD", "OPTIONS"))
    if reading:
        connection.exec_driver_sql("BEGIN")
    else:
        _lock_sqlite(connection)


def _lock_sqlite(connection: Connection) -> None:
    """Begin writing as soon as nobody else does. SQLite's own waiting asks less and less
    often, up to every tenth of a second, and loses against a process that writes one chunk
    after the other."""
    ends = time.monotonic() + _PATIENCE
    connection.exec_driver_sql("PRAGMA busy_timeout=0")
    try:
        while True:
            try:
                connection.exec_driver_sql("BEGIN IMMEDIATE")
                return
            except OperationalError:
                if time.monotonic() >= ends:
                    raise
                time.sleep(_TURN)
    finally:
        connection.exec_driver_sql(f"PRAGMA busy_timeout={_PATIENCE * 1000}")


def give_way(session: Session) -> None:
    """Between two of many transactions: leave SQLite's write lock to whoever waits for it."""
    if is_sqlite(session.get_bind()):
        time.sleep(2 * _TURN)


def one_of(session: Session, column: Any, ids: Sequence[int]) -> ColumnElement[bool]:
    """`column` is one of many ids, sent as one parameter: hundreds would have to be parsed
    and planned each time."""
    if is_sqlite(session.connection()):
        listed = func.json_each(json.dumps(list(ids))).table_valued("value")
        return cast("ColumnElement[bool]", column.in_(select(listed.c.value)))
    return cast("ColumnElement[bool]", column == any_(literal(list(ids), ARRAY(BigInteger))))


def add_missing(session: Session, table: type[Base], columns: Sequence[str],
                rows: Select[*tuple[Any, ...]], key: Sequence[str]) -> None:
    """INSERT … SELECT, passing over what is there already by the unique `key`. Looking for that
    costs PostgreSQL a fifth of its insert rate, so it is done only where something was found."""
    insert = (sqlite.insert if is_sqlite(session.connection()) else postgresql.insert)(table)
    # without a WHERE, SQLite takes the ON of ON CONFLICT for a join's
    insert = insert.from_select(columns, rows.where(true()))
    try:
        with session.begin_nested():
            session.execute(insert)
    except IntegrityError:
        session.execute(insert.on_conflict_do_nothing(index_elements=key))


def is_sqlite(engine: Engine | Connection) -> bool:
    """Whether we speak to SQLite (else PostgreSQL)."""
    return engine.dialect.name == "sqlite"
