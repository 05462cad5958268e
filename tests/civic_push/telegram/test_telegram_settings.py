"""Telegram chats: the link to one's settings, and a chat that is in use elsewhere."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from civic_push.delivery.models import Delivery
from civic_push.delivery.transactional import DAILY_LIMIT
from civic_push.telegram.dialogue import handle_update
from subscriptions.models import Contact
from subscriptions.signup import Choices, Inbox, Wording, add_contact, ask, confirm
from subscriptions.tokens import Purpose

CHAT = "700000001"


@pytest.fixture
def say(app, now):
    """Write something into the chat; return the bot's answer at once, if any."""
    def write(text):
        reply = handle_update({"update_id": 1, "message": {
            "message_id": 1, "date": 0, "text": text, "chat": {"id": int(CHAT), "type": "private"},
            "from": {"id": int(CHAT), "is_bot": False, "language_code": "de"}}}, now)
        return reply["text"] if reply else None
    return write


@pytest.fixture
def start(app, say, now):
    """Press "start" for a contact."""
    def press(contact):
        return say("/start " + app.extensions["tokens"].make(
            Purpose.TELEGRAM, contact.id, challenge=contact.challenge))
    return press


def purposes(session):
    session.expire_all()
    return [(d.contact_id, d.purpose) for d in session.scalars(
        select(Delivery).order_by(Delivery.id))]


@pytest.mark.parametrize("words", ["/einstellungen", "Einstellungen", "/settings@stadt_bot"])
def test_the_bot_sends_the_link_to_one_s_settings(session, say, make_contact, words):
    contact = make_contact("telegram", CHAT)
    assert say(words) is None
    assert purposes(session) == [(contact.id, "manage")]


def test_links_end_with_the_day_and_strangers_get_none(session, say, make_contact):
    assert "Hier schreibt" in say("/einstellungen")
    contact = make_contact("telegram", CHAT)
    for _ in range(DAILY_LIMIT):
        assert say("/einstellungen") is None
    assert "mehrere Links" in say("/einstellungen")
    assert purposes(session) == [(contact.id, "manage")] * DAILY_LIMIT


def test_a_chat_in_use_is_asked_before_it_joins_other_settings(
        app, session, now, start, make_contact):
    mail, chat = make_contact(), make_contact("telegram", CHAT)
    claim = add_contact(session, app.extensions["seals"], mail.subscriber,
                        Inbox("telegram", None), Wording("1", "Ja"), now)
    session.commit()
    assert start(claim) is None
    assert purposes(session) == [(claim.id, "unite")]
    assert chat.subscriber_id != mail.subscriber_id
    assert confirm(session, claim, "link", now)
    session.commit()
    session.expire_all()
    assert {c.id for c in session.query(Contact)} == {mail.id, chat.id}
    assert chat.subscriber_id == mail.subscriber_id


def test_a_chat_in_use_that_signs_up_anew_is_told_so(app, session, now, start, make_contact):
    chat = make_contact("telegram", CHAT)
    fresh = ask(session, app.extensions["seals"], Choices(), [Inbox("telegram", None)],
                Wording("1", "Ja"), now)[0][0]
    session.commit()
    assert start(fresh) is None
    assert purposes(session) == [(chat.id, "known")]
