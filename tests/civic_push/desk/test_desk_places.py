"""Ortsteile at the desk: names, aliases, and the street list."""

from __future__ import annotations

import io
from collections.abc import Callable

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from civic_push.db import utcnow
from civic_push.staff import accounts
from subscriptions.models import Neighbourhood, Street
from tests.civic_push.conftest import PASSWORD, sign_in
from tests.civic_push.desk_visitor import Visitor


@pytest.fixture
def admin(client: FlaskClient, session: Session,
          make_neighbourhood: Callable[..., Neighbourhood]) -> Visitor:
    """Who administers a town of two Ortsteile."""
    make_neighbourhood("hiddesen", aliases="Kneippkurort")
    make_neighbourhood("klut", name="Klüt")
    account = accounts.create(session, "verwaltung@example.org", PASSWORD, "admin", utcnow())
    session.commit()
    return sign_in(client, session, account)


PAGE = "/redaktion/ortsteile/1"


def test_an_ortsteil_is_renamed_and_called_otherwise_under_the_same_address(
        admin: Visitor, session: Session) -> None:
    assert "Kneippkurort" in admin.read(PAGE)
    admin.press(PAGE, name="Hiddesen am Wald", namen="Kneippkurort\n\nAm Donoper Teich\n"
                "Kneippkurort")
    place = session.get_one(Neighbourhood, 1, populate_existing=True)
    assert (place.slug, place.name) == ("hiddesen", "Hiddesen am Wald")
    assert place.aliases == "Kneippkurort|Am Donoper Teich"
    assert "Am Donoper Teich" in admin.read("/redaktion/ortsteile")
    assert "Ortsteil geändert" in admin.read("/redaktion/protokoll")
    assert "Hiddesen am Wald" in admin.get("/hier?ort=donoper").text


@pytest.mark.parametrize(("name", "aliases", "sentence"), [
    ("", "", "wie der Ortsteil heißt"), ("x" * 121, "", "höchstens 120"),
    ("KLUET", "", "So heißt schon ein anderer Ortsteil: Klüt."),
    ("Hiddesen", "klüt", "„klüt“ gehört schon zu Klüt."),
    ("Hiddesen", "…", "„…“ ist kein Name"),
    ("Hiddesen", "\n".join(f"Siedlung {n}" for n in range(300)), "zu viele Namen")])
@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_name_that_belongs_to_another_ortsteil_is_refused(
        admin: Visitor, session: Session, name: str, aliases: str, sentence: str) -> None:
    answer = admin.press(PAGE, name=name, namen=aliases)
    assert answer.status_code == 422
    assert sentence in answer.text
    assert session.get_one(Neighbourhood, 1, populate_existing=True).aliases == "Kneippkurort"


def upload(admin: Visitor, content: bytes) -> str:
    """Send a street list; the text of the page that follows."""
    answer = admin.press("/redaktion/strassen", datei=(io.BytesIO(content), "strassen.csv"))
    return admin.read("/redaktion/strassen") if answer.status_code == 303 else answer.text


def test_a_street_list_replaces_the_one_before(admin: Visitor, session: Session) -> None:
    upload(admin, "Alte Straße;hiddesen\n".encode())
    said = upload(admin, ("\ufeffname;ortsteil\r\nLange Straße;Hiddesen\r\n\r\n"
                          "Lange Str.;Klüt\r\nAm Bach;Kneippkurort\r\n").encode())
    assert "Die Liste hat jetzt 3 Zeilen." in said
    rows = session.execute(select(Street.name, Street.neighbourhood_id).order_by(Street.id)).all()
    assert [tuple(r) for r in rows] == [("Lange Straße", 1), ("Lange Str.", 2), ("Am Bach", 1)]
    assert "Straßenliste ersetzt" in admin.read("/redaktion/protokoll")


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_every_bad_line_is_named_and_nothing_changes(admin: Visitor, session: Session) -> None:
    upload(admin, "Alte Straße;hiddesen\n".encode())
    said = upload(admin, b"Gute Gasse;Hiddesen\nOhne\n\"Offen;Hiddesen\nWeg;<b>Atlantis\n"
                  b"---;Hiddesen\n" + b"x" * 200_000 + b";Hiddesen\n")
    for words in ("Zeile 2:", "mit einem Semikolon", "Zeile 4:", "<code>&lt;b&gt;Atlantis",
                  "Diesen Ortsteil gibt es nicht", "Zeile 5:", "kein Straßenname", "Zeile 6:"):
        assert words in said, words
    assert "Zeile 3:" not in said
    assert session.scalars(select(Street.name)).all() == ["Alte Straße"]


@pytest.mark.parametrize(("content", "sentence"), [
    (b"", "keine Straße"), (b"name;ortsteil\n", "keine Straße"),
    ("Lange Straße;Hiddesen".encode("latin-1"), "nicht in UTF-8")])
@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_file_without_streets_is_refused(admin: Visitor, content: bytes, sentence: str) -> None:
    assert sentence in upload(admin, content)
    assert "Wählen Sie eine Datei aus." in admin.press("/redaktion/strassen").text
