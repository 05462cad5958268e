"""The codes and links that confirm an inbox: only the newest holds, and few guesses."""

from __future__ import annotations

import secrets
from datetime import datetime

from sqlalchemy import update
from sqlalchemy.orm import Session

from subscriptions.knocking import may_guess
from subscriptions.models import Contact

MAX_TRIES = 5  # codes that may be typed for each that was sent
UNSENT = 0
"""The challenge of a contact that no code or link was ever sent to."""


def renew_challenge(contact: Contact) -> None:
    """Make older links and codes of this contact worthless, and count tries anew. Only for
    a message that is really written: that is what keeps guesses rare."""
    contact.challenge = secrets.randbits(62)
    contact.tries = 0


def may_try(session: Session, contact: Contact, now: datetime) -> bool:
    """Count a code that was typed for a contact; False where it must not be looked at. One
    UPDATE counts, so that parallel guesses count too; a contact confirmed before counts like
    any other. Where the right code would open somebody's settings (`Contact.claimed`), the
    address has no more than MAX_TRIES a day, whoever claims it and however often."""
    counted = session.execute(
        update(Contact).where(Contact.id == contact.id, Contact.challenge != UNSENT,
                              Contact.tries < MAX_TRIES)
        .values(tries=Contact.tries + 1).execution_options(synchronize_session=False)
    ).rowcount == 1  # type: ignore[attr-defined]
    return counted and (contact.claimed is None
                        or may_guess(session, contact.claimed, now, MAX_TRIES))
