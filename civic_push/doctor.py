"""`civic-push doctor`: what is missing or wrong, in plain words, before residents notice."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import fields
from enum import StrEnum
from pathlib import Path

import redis
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from flask import Flask
from sqlalchemy import make_url
from sqlalchemy.exc import SQLAlchemyError

from civic_push import keys
from civic_push.config import PREFIX, Settings, is_local
from civic_push.core import create_core
from civic_push.db import db
from civic_push.legal import texts


class Level(StrEnum):
    """How bad a finding is. Only ERROR makes `civic-push doctor` fail."""

    OK = "ok"
    HINT = "hint"
    ERROR = "error"


WORDS = {
    "folder_missing": "The folder {folder} does not exist. Make it, or set {setting}.",
    "folder_closed": "The folder {folder} cannot be written by this account.",
    "folder_fine": "The folder {folder} can be written.",
    "secret_open": "Others may read {path}, which holds secrets: `chmod 640 {path}`.",
    "push_key_missing": "Browser push is not set up: {setting} is empty (`civic-push keys` makes "
                        "one).",
    "address_fine": "Residents reach the pages under {url}.",
    "address_local": "{setting} is {url}: only this machine reaches it.",
    "address_plain": "{setting} is {url}; it must begin with https://, or browsers offer no push "
                     "and sign-in travels in the clear.",
    "demo_on": "{setting} is on: messages go to the demo inboxes only.",
    "second_factor_offered": "{setting} is offered: whoever learns an editor's password can "
                             "publish. `required` is safer.",
    "setting_unknown": "{setting} is set, but there is no such setting.",
    "setting_bad": "{detail}",
    "database_silent": "The database {where} does not answer: {detail}.",
    "database_fine": "The database {where} answers and has today's tables.",
    "database_old": "The database {where} is at version {have}, this release needs {wanted}: "
                    "`civic-push migrate`.",
    "texts_ours": "Still our model texts: {names}. Check and adapt them at the desk (Verwaltung, "
                  "Texte) before residents come.",
    "queue_silent": "The queue (Redis or Valkey) does not answer: {detail}.",
    "queue_fine": "The queue (Redis or Valkey) answers.",
    "channels_none": "No channel is set up: residents could not be reached.",
    "channel_wrong": "Channel {channel}: {detail}",
    "channel_fine": "Channel {channel} is ready.",
}
"""What the command says; the desk has words of its own for each."""


class Finding:
    """One sentence about one part: `code` is one of WORDS, `values` what it names."""

    def __init__(self, level: Level, code: str, **values: object) -> None:
        self.level, self.code = level, code
        self.values = {name: str(value) for name, value in values.items()}

    @property
    def text(self) -> str:
        """The sentence for operators."""
        return WORDS[self.code].format(**self.values)


def examine(settings: Settings) -> Iterator[Finding]:
    """Look at everything an installation needs, yielding findings as they are made."""
    yield from _var_dir(settings)
    yield from _key_files(settings)
    yield from _public_url(settings)
    yield from _demo(settings)
    yield from _misspelt()
    try:
        app = create_core(settings)
    except ValueError as error:  # BadSetting, or what a channel makes of its own setting
        yield Finding(Level.ERROR, "setting_bad", detail=error)
        return
    with app.app_context():
        for look in (_database, _texts, _queue, _channels):
            yield from look(app, settings)
        db.engine.dispose()


def _var_dir(settings: Settings) -> Iterator[Finding]:
    folder = settings.var
    if not folder.is_dir():
        yield Finding(Level.ERROR, "folder_missing", folder=folder, setting=f"{PREFIX}VAR_DIR")
    elif not os.access(folder, os.W_OK | os.X_OK):
        yield Finding(Level.ERROR, "folder_closed", folder=folder)
    else:
        yield Finding(Level.OK, "folder_fine", folder=folder)


def _key_files(settings: Settings) -> Iterator[Finding]:
    named = {f.name: os.environ.get(f"{PREFIX}{f.name.upper()}_FILE") for f in fields(settings)}
    config = os.environ.get(f"{PREFIX}CONFIG")
    files = [Path(path) for path in (*named.values(), config) if path]
    for path in files:
        if path.exists() and keys.too_open(path):
            yield Finding(Level.ERROR, "secret_open", path=path)
    if not settings.vapid_private_key:
        yield Finding(Level.HINT, "push_key_missing", setting=f"{PREFIX}VAPID_PRIVATE_KEY")


def _public_url(settings: Settings) -> Iterator[Finding]:
    url, setting = settings.public_url, f"{PREFIX}PUBLIC_URL"
    if url.startswith("https://"):
        yield Finding(Level.OK, "address_fine", url=url)
    elif is_local(url):
        yield Finding(Level.HINT, "address_local", setting=setting, url=url)
    else:
        yield Finding(Level.ERROR, "address_plain", setting=setting, url=url)


def _demo(settings: Settings) -> Iterator[Finding]:
    if settings.demo:
        yield Finding(Level.HINT, "demo_on", setting=f"{PREFIX}DEMO")
    elif settings.second_factor == "offered":
        yield Finding(Level.HINT, "second_factor_offered", setting=f"{PREFIX}SECOND_FACTOR")


def _misspelt() -> Iterator[Finding]:
    known = {f"{PREFIX}{f.name.upper()}{end}" for f in fields(Settings) for end in ("", "_FILE")}
    for name in sorted(set(os.environ) - known - {f"{PREFIX}CONFIG"}):
        if name.startswith(PREFIX):
            yield Finding(Level.HINT, "setting_unknown", setting=name)


def _database(_app: Flask, settings: Settings) -> Iterator[Finding]:
    where = make_url(settings.database).render_as_string(hide_password=True)
    try:
        with db.engine.connect() as connection:
            have = MigrationContext.configure(connection).get_current_revision()
    except SQLAlchemyError as error:
        yield Finding(Level.ERROR, "database_silent", where=where, detail=_cause(error))
        return
    wanted = ScriptDirectory(str(Path(__file__).parent / "migrations")).get_current_head()
    if have == wanted:
        yield Finding(Level.OK, "database_fine", where=where)
    else:
        yield Finding(Level.ERROR, "database_old", where=where, have=have or "none",
                      wanted=wanted)


def _texts(_app: Flask, _settings: Settings) -> Iterator[Finding]:
    try:
        models = [name for name in texts.REQUIRED
                  if texts.exact(db.session(), name, "de").written_at is None]
    except SQLAlchemyError:
        return  # the database's own finding says it
    finally:
        db.session.remove()
    if models:
        yield Finding(Level.HINT, "texts_ours", names=", ".join(models))


def _queue(app: Flask, _settings: Settings) -> Iterator[Finding]:
    connection = app.extensions["redis"]
    try:
        connection.ping()
    except (redis.RedisError, OSError) as error:
        yield Finding(Level.ERROR, "queue_silent", detail=_text(error))
        return
    finally:
        connection.close()
    yield Finding(Level.OK, "queue_fine")


def _channels(app: Flask, _settings: Settings) -> Iterator[Finding]:
    channels = app.extensions["channels"]
    if not channels:
        yield Finding(Level.ERROR, "channels_none")
    for name, channel in channels.items():
        wrong = _checked(channel.check)
        channel.close()
        if wrong:
            yield Finding(Level.ERROR, "channel_wrong", channel=name, detail=wrong)
        else:
            yield Finding(Level.OK, "channel_fine", channel=name)


def _checked(check: Callable[[], str | None]) -> str | None:
    """A check's own sentence; a check that itself breaks is a finding, not a crash."""
    try:
        return check()
    except Exception as error:  # noqa: BLE001  whatever a provider's library may raise
        return f"the check failed: {error!r}."


def _cause(error: SQLAlchemyError) -> str:
    return _text(getattr(error, "orig", None) or error)


def _text(error: BaseException) -> str:
    return " ".join(str(error).split()).rstrip(".?")
