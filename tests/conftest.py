"""Fixtures: real databases, a real Valkey, factories with plain arguments."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import hypothesis
import pytest
from flask import Flask
from flask.testing import FlaskClient
from flask_migrate import upgrade
from sqlalchemy import text
from sqlalchemy.orm import Session, scoped_session

from civic_push.app import create_app
from civic_push.config import Settings
from civic_push.db import db
from subscriptions.models import (
    Contact,
    ContactState,
    Neighbourhood,
    Subscriber,
    Subscription,
    Topic,
)
from tests.parts import Postgres, Valkey
from tests.thrift import compiled_once, hash_quickly, spare_the_collector

# the same examples on every machine, however slow: nobody's run fails for another's find
hypothesis.settings.register_profile(
    "repeatable", derandomize=True, deadline=None, database=None,
    suppress_health_check=[hypothesis.HealthCheck.too_slow])
hypothesis.settings.load_profile("repeatable")

SECRETS = {"secret_key": "5e" * 32, "address_key": "ad" * 32}
# Emptying a table takes PostgreSQL a new file, whatever was in it; deleting the few rows that
# most tests write takes a tenth of it. The trail refuses both, so triggers are off meanwhile.
_EMPTY_POSTGRES = text("""
DO $$
DECLARE found record;
BEGIN
  SET LOCAL session_replication_role = replica;
  FOR found IN SELECT oid::regclass AS name, pg_relation_size(oid) > 1000000 AS large
               FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace
               AND relname <> 'alembic_version' AND pg_relation_size(oid) > 0 LOOP
    IF found.large THEN
      EXECUTE format('TRUNCATE %s CASCADE', found.name);
    ELSE
      EXECUTE format('DELETE FROM %s', found.name);
    END IF;
  END LOOP;
  PERFORM setval(format('%I.%I', schemaname, sequencename)::regclass, start_value, false)
  FROM pg_sequences WHERE last_value IS NOT NULL;
END $$""")


@pytest.fixture(scope="session", autouse=True)
def compiled() -> Iterator[None]:
    """All apps of this session share what would be compiled for each anew."""
    spare_the_collector()
    with compiled_once():
        yield


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    """A PostgreSQL cluster of this session's own."""
    server = Postgres()
    yield server
    server.close()


@pytest.fixture(scope="session")
def valkey() -> Iterator[Valkey]:
    """A Valkey server of this session's own."""
    server = Valkey()
    yield server
    server.close()


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory, valkey: Valkey) -> Path:
    """A migrated, empty SQLite database, to be copied."""
    folder = tmp_path_factory.mktemp("template")
    app = create_app(Settings(var_dir=str(folder), redis_url=valkey.url, **SECRETS))
    with app.app_context():
        upgrade()
        db.engine.dispose()
    return folder / "civic_push.db"


@pytest.fixture(scope="session")
def migrated_postgres(postgres: Postgres, valkey: Valkey) -> str:
    """The URL of a migrated PostgreSQL database, emptied before each use."""
    app = create_app(Settings(database_url=postgres.url, redis_url=valkey.url, **SECRETS))
    with app.app_context():
        upgrade()
        db.engine.dispose()
    return postgres.url


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """An empty, migrated database; every test that uses it runs on both kinds."""
    if request.param == "sqlite":
        shutil.copy(request.getfixturevalue("sqlite_template"), tmp_path / "civic_push.db")
        return f"sqlite:///{tmp_path / 'civic_push.db'}"
    return str(request.getfixturevalue("migrated_postgres"))


@pytest.fixture
def make_app(database_url: str, valkey: Valkey, tmp_path: Path) -> Iterator[Callable[..., Flask]]:
    """Build apps on the test database with settings of the test's own."""
    apps: list[Flask] = []

    def make(**settings: Any) -> Flask:
        app = create_app(Settings(**{
            "database_url": database_url, "redis_url": valkey.url, "var_dir": str(tmp_path),
            "public_url": "http://localhost", "undo_seconds": 0, **SECRETS,
            **settings}))
        app.config["TESTING"] = True
        hash_quickly(app)
        if not apps:
            _empty(app)
        apps.append(app)
        return app

    yield make
    for app in apps:
        with app.app_context():
            db.session.remove()
            db.engine.dispose()
            for channel in app.extensions["channels"].values():
                channel.close()
            app.extensions["redis"].close()


@pytest.fixture
def app(make_app: Callable[..., Flask]) -> Iterator[Flask]:
    """The app with default settings, its context pushed."""
    app = make_app()
    with app.app_context():
        yield app


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    """A visitor without JavaScript."""
    return app.test_client()


@pytest.fixture
def session(app: Flask) -> scoped_session[Session]:
    """The app's database session."""
    return db.session


@pytest.fixture
def now() -> datetime:
    """A Wednesday in November, half past ten in Detmold."""
    return datetime(2026, 11, 18, 9, 30, tzinfo=UTC)


def _empty(app: Flask) -> None:
    """Empty what a test before may have left (PostgreSQL and Valkey are shared)."""
    with app.app_context():
        app.extensions["redis"].flushall()
        if db.engine.dialect.name == "postgresql":
            db.session.execute(_EMPTY_POSTGRES)
            db.session.commit()
        db.session.remove()


@pytest.fixture
def make_topic(session: Session) -> Callable[..., Topic]:
    """Store a topic."""
    def make(slug: str = "baustellen", **overrides: Any) -> Topic:
        topic = Topic(**{"slug": slug, "name": slug.capitalize(), **overrides})
        session.add(topic)
        session.commit()
        return topic
    return make


@pytest.fixture
def make_neighbourhood(session: Session) -> Callable[..., Neighbourhood]:
    """Store an Ortsteil."""
    def make(slug: str = "hiddesen", **overrides: Any) -> Neighbourhood:
        place = Neighbourhood(**{"slug": slug, "name": slug.capitalize(), **overrides})
        session.add(place)
        session.commit()
        return place
    return make


@pytest.fixture
def make_contact(app: Flask, session: Session, now: datetime) -> Callable[..., Contact]:
    """Store a verified contact of a subscriber of its own. `pairs` are its subscriptions
    as (topic, neighbourhood), None for all; `subscriber` are the subscriber's columns."""
    count = 0

    def make(channel: str = "email", address: str | None = None,
             pairs: tuple[tuple[Topic | None, Neighbourhood | None], ...] = ((None, None),),
             subscriber: dict[str, Any] | None = None, **overrides: Any) -> Contact:
        nonlocal count
        count += 1
        address = address or f"resident{count}@example.org"
        seals = app.extensions["seals"]
        person = Subscriber(created_at=now, **(subscriber or {}), subscriptions=[
            Subscription(topic_id=t.id if t else None, neighbourhood_id=n.id if n else None)
            for t, n in pairs])
        contact = Contact(**{
            "subscriber": person, "channel": channel, "created_at": now, "verified_at": now,
            "state": ContactState.ACTIVE, "address": seals.seal(channel, address),
            "fingerprint": seals.fingerprint(channel, address), **overrides})
        session.add_all([person, contact])
        session.commit()
        return contact
    return make
