"""create_app(): where all parts are joined. Only the demo's page is added elsewhere, by wsgi.py."""

from __future__ import annotations

from datetime import timedelta

from flask import Flask
from flask_migrate import Migrate
from werkzeug.middleware.proxy_fix import ProxyFix

from civic_push import config
from civic_push.core import create_core
from civic_push.db import db
from civic_push.staff.oidc import init_oidc
from civic_push.staff.security import init_security
from civic_push.web.api.joined import init_api
from civic_push.web.desk.joined import init_desk
from civic_push.web.pages import init_pages
from civic_push.web.telegram import init_telegram

migrate = Migrate()


def create_app(settings: config.Settings | None = None) -> Flask:
    """Build the app from `settings`, or from the environment. Raises config.BadSetting."""
    app = create_core(settings)
    settings = app.extensions["civic_push_settings"]
    app.config.from_mapping(_web_settings(settings))
    migrate.init_app(app, db, directory=f"{app.root_path}/migrations", render_as_batch=True,
                     compare_type=True)
    init_pages(app)
    init_security(app)
    init_oidc(app)
    init_desk(app)
    init_api(app)
    init_telegram(app)
    if settings.trusted_proxies:
        count = settings.trusted_proxies
        app.wsgi_app = ProxyFix(  # type: ignore[method-assign]
            app.wsgi_app, x_for=count, x_proto=count, x_host=count)
    return app


def _web_settings(s: config.Settings) -> dict[str, object]:
    return {
        "SECRET_KEY": s.secret_key,
        "SESSION_COOKIE_SECURE": s.public_url.startswith("https://"),
        "SESSION_COOKIE_HTTPONLY": True,
        "SESSION_COOKIE_SAMESITE": "Lax",
        "PERMANENT_SESSION_LIFETIME": timedelta(hours=12),
        "MAX_CONTENT_LENGTH": 1_000_000,
        "MAX_FORM_MEMORY_SIZE": 1_000_000,
    }
