"""The editors' desk. Each of these modules adds its pages to the one blueprint:

overview      what there is to do
lists         every announcement, by where it stands
write, aids   the form, its preview, and what helps in writing
approval      the page before it leaves: publish, schedule, submit, approve, send back
tray          what sources brought
images        a picture and its description
preview       what exactly leaves, who will get it, a trial to oneself
following     correcting, withdrawing, all-clear
stopping      ending what has not left yet
live          its numbers as they move; holding deliveries back
report, again what became of them, and sending to those who did not get it
deliveries    one announcement, and what becomes of its deliveries
counter       signing residents up who stand before one
texts         imprint, privacy notice, accessibility statement
reports       reported barriers
sources       what is read elsewhere: adding with a dry run, pausing, ending
channels      how the ways out fare; pausing them
administration  the way to what follows
account       one's own password, passkeys, codes and sessions
topics        what can be asked for
outlets       the town's public places; what is deleted when
places        Ortsteile, what they are called, and their streets
staff         who works at the desk
trail         who did what
clients, webhooks  programs that speak to us, and those we speak to
sign_in, limits, invitation, oidc: the door, a blueprint of its own for who is not in yet
"""

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
