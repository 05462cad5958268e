"""Topics: what residents can ask for, in every language, and in which order it is offered."""

from __future__ import annotations

from flask import abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from civic_push.db import db, utcnow
from civic_push.intake.models import Source
from civic_push.languages import LANGUAGES
from civic_push.staff.roles import Can
from civic_push.web.desk.administration import topic_forms as forms
from civic_push.web.desk.frame import desk, needs, note
from civic_push.web.desk.words import _
from civic_push.web.forms import Typed, topics_on_offer
from subscriptions.models import Subscription, Topic

_NUMBER = "<int(max=999999999):number>"


@desk.get("/themen")
@needs(Can.ADMINISTER)
def topics() -> str:
    """All topics in their order, the retired ones last."""
    found = _all(db.session())
    return render_template(
        "desk/admin_topics.html", topics=[t for t in found if t.retired_at is None],
        retired=[t for t in found if t.retired_at is not None], languages=LANGUAGES)


@desk.get("/themen/neu")
@needs(Can.ADMINISTER)
def new_topic() -> str:
    """An empty form."""
    return _form(Typed())


@desk.post("/themen/neu")
@needs(Can.ADMINISTER)
def add_topic() -> ResponseReturnValue:
    """Offer a new topic, after the others."""
    typed, session = Typed(request.form), db.session()
    slug = forms.read_slug(session, typed)
    values = forms.read(session, typed)
    if typed.errors:
        return _form(typed), 422
    last = session.scalar(select(func.max(Topic.position))) or 0
    topic = Topic(slug=slug, position=last + 1, **values)
    session.add(topic)
    session.flush()
    note("topic.added", ("topic", topic.id), None, forms.told(topic))
    session.commit()
    flash(_("Angelegt. Ab jetzt kann man es abonnieren und darunter schreiben."), "success")
    return redirect(url_for("desk.topics"), 303)


@desk.get(f"/themen/{_NUMBER}")
@needs(Can.ADMINISTER)
def topic(number: int) -> str:
    """One topic."""
    found = _wanted(number)
    return _form(forms.shown(found), found)


@desk.post(f"/themen/{_NUMBER}")
@needs(Can.ADMINISTER)
def change_topic(number: int) -> ResponseReturnValue:
    """Change names and words; its address stays, so that links and codes go on working."""
    found, typed = _wanted(number), Typed(request.form)
    before, values = forms.told(found), forms.read(db.session(), typed, found)
    if typed.errors:
        return _form(typed, found), 422
    for name, value in values.items():
        setattr(found, name, value)
    note("topic.changed", ("topic", number), before, forms.told(found))
    db.session.commit()
    flash(_("Gespeichert."), "success")
    return redirect(url_for("desk.topic", number=number), 303)


@desk.post(f"/themen/{_NUMBER}/hoch")
@needs(Can.ADMINISTER)
def raise_topic(number: int) -> ResponseReturnValue:
    """Offer it one place earlier."""
    found = _wanted(number)
    order = list(topics_on_offer(db.session()))
    place = order.index(found) if found in order else 0
    if place:
        order[place - 1], order[place] = order[place], order[place - 1]
        for position, one in enumerate(order, start=1):
            one.position = position
        note("topic.moved", ("topic", number), {"place": place + 1}, {"place": place})
        db.session.commit()
    return redirect(url_for("desk.topics", _anchor=f"thema-{number}"), 303)


@desk.post(f"/themen/{_NUMBER}/zurueckziehen")
@needs(Can.ADMINISTER)
def retire_topic(number: int) -> ResponseReturnValue:
    """Offer it no more. Who has subscribed to it keeps that."""
    found = _wanted(number)
    if trouble := _in_use(db.session(), found):
        flash(trouble, "warning")
        return redirect(url_for("desk.topic", number=number), 303)
    found.retired_at = utcnow()
    note("topic.retired", ("topic", number))
    db.session.commit()
    flash(_("„%(name)s“ wird nicht mehr angeboten. Wer es abonniert hat, behält das Abo.",
            name=found.name), "success")
    return redirect(url_for("desk.topics"), 303)


@desk.post(f"/themen/{_NUMBER}/anbieten")
@needs(Can.ADMINISTER)
def offer_topic(number: int) -> ResponseReturnValue:
    """Offer a retired topic again; its subscriptions count as before."""
    found = _wanted(number)
    found.retired_at = None
    note("topic.offered", ("topic", number))
    db.session.commit()
    flash(_("„%(name)s“ wird wieder angeboten.", name=found.name), "success")
    return redirect(url_for("desk.topics"), 303)


def _in_use(session: Session, topic: Topic) -> str:
    """Why a topic cannot be retired now; "" if it can."""
    sources = session.scalars(select(Source.name).where(
        Source.active, Source.topics.any(Topic.id == topic.id)).order_by(Source.name)).all()
    if sources:
        return _("Diese Quellen melden noch unter diesem Thema: %(names)s. Geben Sie ihnen "
                 "zuerst ein anderes.", names=", ".join(sources))
    if len(topics_on_offer(session)) < 2:
        return _("Das ist das letzte Thema. Legen Sie zuerst ein anderes an.")
    return ""


def _all(session: Session) -> list[Topic]:
    return list(session.scalars(select(Topic).order_by(Topic.position, Topic.name)))


def _wanted(number: int) -> Topic:
    found = db.session.get(Topic, number, with_for_update=request.method == "POST")
    if found is None:
        abort(404)
    return found


def _form(typed: Typed, topic: Topic | None = None) -> str:
    count = topic and db.session.scalar(select(func.count(Subscription.subscriber_id.distinct()))
                                        .where(Subscription.topic_id == topic.id))
    return render_template(
        "desk/admin_topic.html", typed=typed, topic=topic, subscribers=count or 0,
        languages={code: words for code, words in LANGUAGES.items() if code != "de"})
