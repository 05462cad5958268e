"""The editors' desk: each of these modules adds its pages to the desk's blueprint or, for who is
not in yet, to the door's. What each is for says its package's docstring."""

from __future__ import annotations

from flask import Flask

from civic_push.web.desk import (  # noqa: F401  # imported for their routes
    counter,
    lists,
    overview,
    tray,
)
from civic_push.web.desk.administration import (  # noqa: F401  # imported for their routes
    channels,
    clients,
    menu,
    outlets,
    places,
    reports,
    sources,
    staff,
    texts,
    topics,
    trail,
    webhooks,
)
from civic_push.web.desk.approving import (  # noqa: F401  # imported for their routes
    approval,
    putting_aside,
)
from civic_push.web.desk.door import (  # noqa: F401  # imported for their routes
    account,
    invitation,
    oidc,
    sign_in,
)
from civic_push.web.desk.following import (  # noqa: F401  # imported for their routes
    pages,
    stopping,
)
from civic_push.web.desk.frame import desk
from civic_push.web.desk.watching import (  # noqa: F401  # imported for their routes
    again,
    deliveries,
    live,
    report,
)
from civic_push.web.desk.writing import (  # noqa: F401  # imported for their routes
    aids,
    images,
    preview,
    templates,
    unsaved,
    versions,
    write,
)


def init_desk(app: Flask) -> None:
    """Add the desk's pages to the app. Call it after `init_pages` and `init_security`."""
    app.register_blueprint(desk)
    sign_in.init_sign_in(app)
    live.init_live(app)
