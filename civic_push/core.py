"""create_core(): what pages and workers share; workers need no more, and start with less."""

from __future__ import annotations

from dataclasses import asdict

from flask import Flask
from flask_babel import Babel

import channels
from channels.base import Channel
from civic_push import config, logs, tasks
from civic_push.db import engine_options, init_db
from subscriptions.seals import Seals
from subscriptions.tokens import Tokens


def create_core(settings: config.Settings | None = None) -> Flask:
    """Settings, database, queue, channels, keys and languages, from `settings` or from the
    environment. Raises config.BadSetting."""
    logs.configure()
    settings = settings or config.load()
    if not settings.secret_key or not settings.address_key:
        raise config.BadSetting(
            "CIVIC_PUSH_SECRET_KEY and CIVIC_PUSH_ADDRESS_KEY are missing; "
            "`civic-push keys` makes them.")
    app = Flask(__name__)
    app.config.from_mapping(SQLALCHEMY_DATABASE_URI=settings.database,
                            SQLALCHEMY_ENGINE_OPTIONS=engine_options(settings.database))
    app.extensions["civic_push_settings"] = settings
    app.extensions["seals"] = Seals(bytes.fromhex(settings.address_key))
    app.extensions["tokens"] = Tokens(bytes.fromhex(settings.secret_key))
    app.extensions["channels"] = _channels(settings)
    Babel(app, default_locale="de", default_timezone="Europe/Berlin")
    init_db(app)
    tasks.init_tasks(app, settings.redis)
    return app


def _channels(settings: config.Settings) -> dict[str, Channel]:
    """The channels that are set up; a setting one of them refuses is a bad setting."""
    try:
        return channels.build(asdict(settings))
    except ValueError as error:
        raise config.BadSetting(str(error)) from error
