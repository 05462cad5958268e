"""The editors' desk. Each of these modules adds its pages to the one blueprint:

overview      what there is to do
lists         every announcement, by where it stands
write, help   the form, its preview, and what helps in writing
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

from civic_push.web import (  # noqa: F401  # imported for their routes
    desk_account,
    desk_administration,
    desk_again,
    desk_approval,
    desk_channels,
    desk_clients,
    desk_counter,
    desk_deliveries,
    desk_following,
    desk_help,
    desk_images,
    desk_invitation,
    desk_lists,
    desk_live,
    desk_oidc,
    desk_outlets,
    desk_overview,
    desk_places,
    desk_preview,
    desk_putting_aside,
    desk_report,
    desk_reports,
    desk_sign_in,
    desk_sources,
    desk_staff,
    desk_stopping,
    desk_templates,
    desk_texts,
    desk_topics,
    desk_trail,
    desk_tray,
    desk_unsaved,
    desk_versions,
    desk_webhooks,
    desk_write,
)
from civic_push.web.desk_frame import desk


def init_desk(app: Flask) -> None:
    """Add the desk's pages to the app. Call it after `init_pages` and `init_security`."""
    app.register_blueprint(desk)
    desk_sign_in.init_sign_in(app)
    desk_live.init_live(app)
