"""Showing somebody's address to them without showing it to who looks over their shoulder."""

from __future__ import annotations

from civic_push.web.asking import seals
from civic_push.web.language import _
from subscriptions.models import Contact
from subscriptions.seals import UnreadableAddress


def masked(contact: Contact) -> str:
    """Enough of an address to recognise it: "a…@example.org", "… 789"; "" for channels
    whose addresses nobody knows by heart."""
    if contact.address is None or contact.channel not in ("email", "sms"):
        return ""
    try:
        address = seals().open(contact.channel, contact.address)
    except UnreadableAddress:
        return _("nicht lesbar")
    if contact.channel == "sms":
        return f"… {address[-3:]}"
    local, _at, domain = address.rpartition("@")
    return f"{local[:1]}…@{domain}"
