"""Reading and showing the form of a source."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session
from werkzeug.datastructures import MultiDict

from civic_push.config import PREFIX
from civic_push.intake import wording
from civic_push.intake.adding import NewSource
from civic_push.intake.models import Source
from civic_push.web.desk.words import _
from civic_push.web.forms import Typed
from content_sources.entry import Unreadable
from content_sources.fetch import FetchError
from subscriptions.models import Neighbourhood, Topic

LONGEST_NAME, LONGEST_ADDRESS = 200, 2000
LEAST, MOST = 1, 10_080  # minutes between two checks


def fresh(address: str) -> Typed:
    """The form as it is shown first."""
    return Typed(MultiDict([("adresse", address[:LONGEST_ADDRESS]), ("abstand", "15"),
                            ("dann", "eingang")]))


def read(session: Session, typed: Typed, known: Source | None = None) -> NewSource:
    """What was typed; errors go to `typed`. A known source keeps its address."""
    address, name = typed.text("adresse"), typed.text("name")
    if known is not None:
        address = known.url
    elif not address.startswith(("https://", "http://")):
        typed.errors["adresse"] = _("Schreiben Sie die Adresse des Feeds ganz, mit https:// am "
                                    "Anfang.")
    elif len(address) > LONGEST_ADDRESS:
        typed.errors["adresse"] = _("Diese Adresse ist zu lang.")
    if len(name) > LONGEST_NAME:
        typed.errors["name"] = _("Das ist zu lang. Kürzen Sie es bitte auf höchstens %(most)s "
                                 "Zeichen.", most=LONGEST_NAME)
    elif known is not None and not name:
        typed.errors["name"] = _("Die Quelle braucht einen Namen: Er steht unter ihren Meldungen.")
    topics = [t for t in session.scalars(select(Topic)) if typed.ticked("thema", str(t.id))]
    if not topics:
        typed.errors["thema"] = _("Wählen Sie mindestens ein Thema: Danach richtet sich, wer die "
                                  "Meldungen bekommt.")
    places = [n for n in session.scalars(select(Neighbourhood).order_by(Neighbourhood.name))
              if typed.ticked("ortsteil", str(n.id))]
    return NewSource(
        address, name, tuple(topics), tuple(places), _interval(typed),
        publish=typed.ticked("dann", "sofort"), titles_only=typed.ticked("nur_titel"))


def _interval(typed: Typed) -> int:
    text = typed.text("abstand")
    minutes = int(text) if text.isascii() and text.isdigit() and len(text) < 6 else 0
    if not LEAST <= minutes <= MOST:
        typed.errors["abstand"] = _("Schreiben Sie eine Zahl von %(least)s bis %(most)s.",
                                    least=LEAST, most=MOST)
    return minutes


def shown(source: Source) -> Typed:
    """A source as form values."""
    values = MultiDict([
        ("name", source.name), ("abstand", str(source.interval_minutes)),
        ("dann", "sofort" if source.publish else "eingang"),
        ("nur_titel", "ja" if source.titles_only else "")])
    values.setlist("thema", [str(t.id) for t in source.topics])
    values.setlist("ortsteil", [str(n.id) for n in source.neighbourhoods])
    return Typed(values)


def change(source: Source, new: NewSource) -> None:
    """Set what the form says. A shorter interval holds from the next check on."""
    source.name, source.interval_minutes = new.name, new.interval_minutes
    source.publish, source.titles_only = new.publish, new.titles_only
    source.topics, source.neighbourhoods = list(new.topics), list(new.neighbourhoods)


def told(source: Source) -> dict[str, object]:
    """A source as the trail keeps it."""
    return {"name": source.name, "url": source.url, "interval": source.interval_minutes,
            "publish": source.publish, "titles_only": source.titles_only,
            "topics": [t.id for t in source.topics],
            "neighbourhoods": [n.id for n in source.neighbourhoods]}


def trouble(error: FetchError | Unreadable) -> str:
    """Why a source cannot be read, and what an administrator can do about it."""
    sentence = _(wording.sentence(error))
    if error.code == "private":
        sentence += " " + _("Ist das gewollt, trägt die Technik den Server in %(setting)s ein.",
                            setting=f"{PREFIX}FETCH_PRIVATE")
    return sentence
