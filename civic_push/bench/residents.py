"""Any number of subscribers, written fast: 60 % browser push, 40 % e-mail."""

from __future__ import annotations

import os
import random
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from sqlalchemy import insert, text
from sqlalchemy.orm import Session

from channels.push_encryption import b64url_encode
from civic_push.db import db, is_sqlite
from subscriptions.models import Contact, Frequency, Subscriber, Subscription
from subscriptions.seals import Seals

PUSH_SHARE = 0.6
_KEYS = 500  # browsers' key pairs, used again and again; making them is not what we measure
_CHUNK = 5_000


def push_addresses(origin: str, count: int) -> Iterator[str]:
    """Canonical push addresses on a sink."""
    keys = [b64url_encode(ec.generate_private_key(ec.SECP256R1()).public_key().public_bytes(
        Encoding.X962, PublicFormat.UncompressedPoint)) for _ in range(min(_KEYS, count))]
    for number in range(count):
        token = b64url_encode(os.urandom(48))
        yield f"{b64url_encode(os.urandom(16))} {keys[number % len(keys)]} {origin}/push?{token}"


def mail_addresses(count: int) -> Iterator[str]:
    """Mail addresses, all different."""
    return (f"resident{number}@example.org" for number in range(count))


def settle(session: Session, seals: Seals, origin: str, count: int, topics: list[int],
           places: list[int], now: datetime) -> None:
    """Write `count` subscribers with one active contact and two subscriptions each, all of
    whom want the first topic. Commits."""
    chance = random.Random(count)
    pushes = push_addresses(origin, count)
    for start in range(1, count + 1, _CHUNK):
        rows = [_resident(number, seals, pushes, topics, places, chance, now)
                for number in range(start, min(start + _CHUNK, count + 1))]
        session.execute(insert(Subscriber), [row[0] for row in rows])
        session.execute(insert(Contact), [row[1] for row in rows])
        session.execute(insert(Subscription), [pair for row in rows for pair in row[2]])
        session.commit()
    if is_sqlite(session.connection()):
        session.execute(text("ANALYZE"))
        session.commit()
    else:
        _settle_postgres(session)


def _settle_postgres(session: Session) -> None:
    """Bring the tables into the state of a town that has been there for a while: sequences
    behind the rows, and done what autovacuum would otherwise do in the middle of the run."""
    for table in ("subscriber", "contact", "subscription"):
        session.execute(text(
            f"SELECT setval(pg_get_serial_sequence('{table}', 'id'), max(id)) FROM {table}"))
    session.commit()
    with db.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("VACUUM ANALYZE"))


def _resident(number: int, seals: Seals, pushes: Iterator[str], topics: list[int],
              places: list[int], chance: random.Random, now: datetime
              ) -> tuple[dict[str, Any], dict[str, Any], list[dict[str, Any]]]:
    channel = "push" if chance.random() < PUSH_SHARE else "email"
    address = next(pushes) if channel == "push" else f"resident{number}@example.org"
    wanted = {topics[0], chance.choice(topics)}
    place = chance.choice([None, *places])
    return (
        {"id": number, "language": chance.choice(["de", "de", "de", "en"]),
         "register": chance.choice(["standard", "standard", "plain"]), "created_at": now},
        {"id": number, "subscriber_id": number, "channel": channel, "state": "active",
         "address": seals.seal(channel, address), "frequency": Frequency.NOW,
         "digest_hour": 18, "digest_weekday": 4, "challenge": 0, "tries": 0,
         "fingerprint": seals.fingerprint(channel, address), "created_at": now,
         "verified_at": now},
        [{"subscriber_id": number, "topic_id": topic, "neighbourhood_id": place}
         for topic in sorted(wanted)])
