"""Administrators: whom we tell what happens here, and how that goes."""

from __future__ import annotations

from flask import abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import lazy_gettext
from flask_security import current_user
from sqlalchemy import select

from civic_push import tasks
from civic_push.db import db, utcnow
from civic_push.delivery.models import Lane
from civic_push.integrations import webhooks
from civic_push.integrations.calling import call_webhooks
from civic_push.integrations.models import Webhook
from civic_push.integrations.webhooks import BadWebhook, Event
from civic_push.staff.roles import Can
from civic_push.web.desk.frame import desk, needs, note
from civic_push.web.desk.words import _
from civic_push.web.forms import Typed
from civic_push.web.protection import limiter

_NUMBER = "<int(max=999999999):number>"
EVENT_WORDS = {
    Event.PUBLISHED: lazy_gettext("Meldung veröffentlicht"),
    Event.FINISHED: lazy_gettext("Zustellung abgeschlossen"),
    Event.TEST: lazy_gettext("Probe"),
}


@desk.get("/webhooks")
@needs(Can.ADMINISTER)
def webhooks_list() -> str:
    """All webhooks with their latest calls, and a form for another."""
    return _page(Typed())


@desk.post("/webhooks")
@needs(Can.ADMINISTER)
@limiter.limit("60 per hour", key_func=lambda: f"webhooks {current_user.id}")
def add_webhook() -> ResponseReturnValue:
    """Make a webhook and show its secret, once."""
    typed = Typed(request.form)
    try:
        made, secret = webhooks.add(
            db.session(), typed.text("url"),
            [e for e in webhooks.EVENTS if typed.ticked("events", e.value)], utcnow())
    except BadWebhook as error:
        typed.errors[error.code] = (
            _("Bitte geben Sie eine öffentliche Adresse ein, die mit https:// beginnt.")
            if error.code == "url" else _("Bitte wählen Sie, was gemeldet wird."))
        return _page(typed), 422
    note("webhook.added", ("webhook", made.id), after=_told(made))
    db.session.commit()
    return render_template("desk/secret.html", secret=secret, name=made.url,
                           back=url_for("desk.webhooks_list"))


@desk.post(f"/webhooks/{_NUMBER}/probe")
@needs(Can.ADMINISTER)
@limiter.limit("30 per hour", key_func=lambda: f"webhook tests {current_user.id}")
def test_webhook(number: int) -> ResponseReturnValue:
    """Tell it something to see whether it hears."""
    webhooks.test(db.session(), _wanted(number), utcnow())
    note("webhook.tested", ("webhook", number))
    db.session.commit()
    tasks.ring_once(Lane.NORMAL, call_webhooks)
    flash(_("Die Probe ist unterwegs. Laden Sie die Seite gleich neu, um die Antwort zu sehen."),
          "success")
    return redirect(url_for("desk.webhooks_list"))


@desk.post(f"/webhooks/{_NUMBER}/schalten")
@needs(Can.ADMINISTER)
def switch_webhook(number: int) -> ResponseReturnValue:
    """Switch it off, or on again."""
    found, on = _wanted(number), request.form.get("an") == "ja"
    before = _told(found)
    webhooks.switch(db.session(), found, on, utcnow())
    note("webhook.switched", ("webhook", number), before, _told(found))
    db.session.commit()
    flash(_("Der Webhook ist eingeschaltet.") if on else _("Der Webhook ist ausgeschaltet."),
          "success")
    return redirect(url_for("desk.webhooks_list"))


@desk.post(f"/webhooks/{_NUMBER}/entfernen")
@needs(Can.ADMINISTER)
def remove_webhook(number: int) -> ResponseReturnValue:
    """Remove it with its calls."""
    found = _wanted(number)
    note("webhook.removed", ("webhook", number), _told(found))
    db.session.delete(found)
    db.session.commit()
    flash(_("Der Webhook ist entfernt."), "success")
    return redirect(url_for("desk.webhooks_list"))


def _wanted(number: int) -> Webhook:
    return db.session.get(Webhook, number, with_for_update=True) or abort(404)


def _told(webhook: Webhook) -> dict[str, object]:
    return {"url": webhook.url, "events": webhook.events, "active": webhook.active}


def _page(typed: Typed) -> str:
    session = db.session()
    found = session.scalars(select(Webhook).order_by(Webhook.id)).all()
    return render_template(
        "desk/webhooks.html", typed=typed, event_words=EVENT_WORDS, events=webhooks.EVENTS,
        webhooks=[(webhook, webhooks.latest(session, webhook)) for webhook in found])
