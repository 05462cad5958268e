"""The web server's entry: `gunicorn wsgi:app`."""

from __future__ import annotations

import sys

from civic_push.app import create_app
from civic_push.config import BadSetting
from civic_push.demo.inboxes import init_inboxes

try:
    app = create_app()
    init_inboxes(app)
except BadSetting as error:
    sys.stderr.write(f"{error}\n")  # a traceback would hide the sentence
    raise SystemExit(3) from None  # gunicorn's own status for "do not try again"
