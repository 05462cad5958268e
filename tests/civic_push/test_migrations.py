"""Migrations: up, down, and in step with the models, on both databases."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from flask import Flask
from flask_migrate import downgrade, upgrade
from sqlalchemy import MetaData, Table, inspect, text

from civic_push.app import create_app
from civic_push.config import Settings
from civic_push.db import Base, db
from tests.conftest import SECRETS
from tests.parts import Postgres, Valkey


@pytest.fixture(params=["sqlite", "postgresql"])
def empty_app(request: pytest.FixtureRequest, tmp_path: Path, valkey: Valkey) -> Iterator[Flask]:
    """An app on a database without any table, its context pushed."""
    url = f"sqlite:///{tmp_path / 'empty.db'}"
    if request.param == "postgresql":
        postgres: Postgres = request.getfixturevalue("postgres")
        url = _new_database(postgres, tmp_path, valkey)
    app = create_app(Settings(database_url=url, redis_url=valkey.url, var_dir=str(tmp_path),
                              **SECRETS))
    with app.app_context():
        yield app
        db.session.remove()
        db.engine.dispose()
        app.extensions["redis"].close()


def _new_database(postgres: Postgres, tmp_path: Path, valkey: Valkey) -> str:
    admin = create_app(Settings(database_url=postgres.url, redis_url=valkey.url,
                                var_dir=str(tmp_path), **SECRETS))
    with admin.app_context():
        with db.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.execute(text("DROP DATABASE IF EXISTS migrations"))
            connection.execute(text("CREATE DATABASE migrations"))
        db.engine.dispose()
    return postgres.url.replace("/test?", "/migrations?")


def tables() -> set[str]:
    """The tables that are there now, without Alembic's own."""
    return set(inspect(db.engine).get_table_names()) - {"alembic_version"}


def test_upgrading_an_empty_database_makes_every_table(empty_app: Flask) -> None:
    upgrade()
    assert tables() == set(Base.metadata.tables)


def test_downgrading_to_nothing_leaves_nothing_and_it_can_start_over(empty_app: Flask) -> None:
    upgrade()
    downgrade(revision="base")
    assert tables() == set()
    upgrade()
    assert tables() == set(Base.metadata.tables)


def test_models_and_migrations_say_the_same(empty_app: Flask) -> None:
    upgrade()
    with db.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, Base.metadata) == []


def test_there_is_one_newest_migration() -> None:
    folder = Path(__file__).parents[2] / "civic_push" / "migrations"
    assert len(ScriptDirectory(str(folder)).get_heads()) == 1


def test_what_a_town_wrote_outlives_the_way_to_the_newest_tables(
        empty_app: Flask, now: datetime) -> None:
    upgrade(revision="0002")
    with db.engine.begin() as connection:
        tables = MetaData()
        tables.reflect(connection)
        for name, row in ROWS:
            connection.execute(tables.tables[name].insert(), filled(tables.tables[name], row, now))
    db.engine.dispose()  # what is prepared there knows the old columns
    upgrade()
    with db.engine.connect() as connection:
        left = {name: connection.scalar(text(f"SELECT count(*) FROM {name}"))
                for name, _ in ROWS}
    assert left == dict.fromkeys(left, 1)


ROWS = [("staff", {"id": 1}), ("topic", {"id": 1}), ("neighbourhood", {"id": 1}),
        ("announcement", {"id": 1, "author_id": 1}),
        ("announcement_text", {"id": 1, "announcement_id": 1}),
        ("announcement_topic", {"announcement_id": 1, "topic_id": 1}),
        ("announcement_neighbourhood", {"announcement_id": 1, "neighbourhood_id": 1}),
        ("source", {"id": 1}), ("item", {"id": 1, "source_id": 1, "announcement_id": 1}),
        ("subscriber", {"id": 1}), ("contact", {"id": 1, "subscriber_id": 1}),
        ("subscription", {"id": 1, "subscriber_id": 1, "topic_id": 1}),
        ("delivery", {"id": 1, "announcement_id": 1, "contact_id": 1}),
        ("trail_entry", {"id": 1}), ("knock", {"fingerprint": b"x"})]
"""A row of every table that others hang on, and of one that grew, as the first release had
them."""


def filled(table: Table, row: dict[str, object], now: datetime) -> dict[str, object]:
    """The row, with something in every column that must hold something."""
    plain = {str: "x", int: 1, bool: True, bytes: b"x", datetime: now, dict: {}, object: "{}"}
    return {**{c.name: plain[c.type.python_type] for c in table.columns
               if not c.nullable and not c.primary_key and c.name not in row}, **row}
