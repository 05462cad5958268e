"""A resident's open settings, for tests."""

from __future__ import annotations

from subscriptions.tokens import Purpose


def where(resident):
    """The address of the open settings."""
    return resident.page.request.path


def open_settings(resident, link, contact):
    """Open the settings by the contact's link; return their address."""
    assert resident.open(link(Purpose.MANAGE, contact)).status_code == 200
    assert where(resident).startswith("/einstellungen/offen/")
    return where(resident)


def add_to(session, contact, make_contact, channel, address, **more):
    """Give a subscriber one more verified contact."""
    other = make_contact(channel, address, **more)
    stranger = other.subscriber
    other.subscriber = contact.subscriber
    session.flush()
    session.expire(stranger)
    session.delete(stranger)
    session.commit()
    return other
