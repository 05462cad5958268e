"""create_app(): the only place where parts are joined."""

from __future__ import annotations

from dataclasses import asdict
from datetime import timedelta

from flask import Flask
from flask_migrate import Migrate
from werkzeug.middleware.proxy_fix import ProxyFix

import channels
from channels.base import Channel
from civic_push import config, logs, tasks
from civic_push.db import db, engine_options, init_db
from civic_push.staff.oidc import init_oidc
from civic_push.staff.security import init_security
from civic_push.web.desk import init_desk
from civic_push.web.pages import init_pages
from civic_push.web.telegram import init_telegram
from subscriptions.seals import Seals
from subscriptions.tokens import Tokens

migrate = Migrate()


def create_app(settings: config.Settings | None = None) -> Flask:
    """Build the app from `settings`, or from the environment. Raises config.BadSetting."""
    logs.configure()
    settings = settings or config.load()
    app = Flask(__name__)
    app.config.from_mapping(_flask_settings(settings))
    app.extensions["civic_push_settings"] = settings
    app.extensions["seals"] = Seals(bytes.fromhex(settings.address_key))
    app.extensions["tokens"] = Tokens(bytes.fromhex(settings.secret_key))
    app.extensions["channels"] = _channels(settings)
    init_db(app)
    migrate.init_app(app, db, directory=f"{app.root_path}/migrations", render_as_batch=True,
                     compare_type=True)
    tasks.init_tasks(app, settings.redis)
    init_pages(app)
    init_security(app)
    init_oidc(app)
    init_desk(app)
    init_telegram(app)
    if settings.trusted_proxies:
        count = settings.trusted_proxies
        app.wsgi_app = ProxyFix(  # type: ignore[method-assign]
            app.wsgi_app, x_for=count, x_proto=count, x_host=count)
    return app


def _channels(settings: config.Settings) -> dict[str, Channel]:
    """The channels that are set up; a setting one of them refuses is a bad setting."""
    try:
        return channels.build(asdict(settings))
    except ValueError as error:
        raise config.BadSetting(str(error)) from error


def _flask_settings(s: config.Settings) -> dict[str, object]:
    if not s.secret_key or not s.address_key:
        raise config.BadSetting(
            "CIVIC_PUSH_SECRET_KEY and CIVIC_PUSH_ADDRESS_KEY are missing; "
            "`civic-push keys` makes them.")
    secure = s.public_url.startswith("https://")
    return {
        "SECRET_KEY": s.secret_key,
        "SQLALCHEMY_DATABASE_URI": s.database,
        "SQLALCHEMY_ENGINE_OPTIONS": engine_options(s.database),
        "SESSION_COOKIE_SECURE": secure,
        "SESSION_COOKIE_HTTPONLY": True,
        "SESSION_COOKIE_SAMESITE": "Lax",
        "PERMANENT_SESSION_LIFETIME": timedelta(hours=12),
        "MAX_CONTENT_LENGTH": 1_000_000,
        "MAX_FORM_MEMORY_SIZE": 1_000_000,
    }
