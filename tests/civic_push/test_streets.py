"""Finding an Ortsteil: by name, alias, street, and however people spell them."""

from __future__ import annotations

import pytest
from click.testing import CliRunner

from civic_push.cli import main
from civic_push.seed import seed
from subscriptions import streets
from subscriptions.models import Street
from subscriptions.streets import BadStreets, folded, load, search
from tests.conftest import SECRETS

LIST = """name;ortsteil
Lange Straße;Detmold-Nord
Lange Straße;Detmold-Süd
Grotenburg;hiddesen
Schlinger Weg;Schling
Zum Loßbruch;Loßbruch
"""


@pytest.fixture
def town(session):
    """All Ortsteile and a few streets."""
    seed(session)
    load(session, LIST)
    session.commit()
    return session


def test_an_ortsteil_is_found_however_it_is_typed(town):
    for typed, names in {
            "hiddesen": ["Hiddesen"], "HIDDESEN ": ["Hiddesen"], "hidesen": ["Hiddesen"],
            "johannaberg": ["Berlebeck"], "Lossbruch": ["Loßbruch"],
            "pivitsheide": ["Pivitsheide V.H.", "Pivitsheide V.L."],
            "Lange Str. 12a": ["Detmold-Nord", "Detmold-Süd"],
            "lange strasse": ["Detmold-Nord", "Detmold-Süd"],
            "Lange Strase": ["Detmold-Nord", "Detmold-Süd"],
            "Grotenburg 50-52": ["Hiddesen"], "xy": [], "Reykjavik": [], "%_%": [],
            "\x00" * 5: [], "a" * 10_000: []}.items():
        assert [one.place.name for one in search(town, typed)] == names, typed


def test_what_was_found_says_why(town):
    assert [one.why for one in search(town, "johannaberg")] == ["Johannaberg"]
    assert [one.why for one in search(town, "lange")] == ["Lange Straße", "Lange Straße"]
    assert [one.why for one in search(town, "hiddesen")] == [""]


def test_names_fold_alike_in_every_spelling():
    assert folded("Lange Str. 5a") == folded("LANGE STRASSE") == folded("lange straße")
    assert folded("Jerxen-Orbke") == folded("jerxen orbke")
    assert folded("Klüt") == folded("Kluet")
    assert folded("Straße des 17. Juni") == "strassedes17juni"


def test_a_new_list_replaces_the_old_one(town):
    assert load(town, "Neue Straße;Klüt\nNeue Straße;Klüt\n\n") == 1
    assert [street.name for street in town.query(Street)] == ["Neue Straße"]


def test_a_bad_list_is_refused_with_its_line_and_changes_nothing(town):
    for text, words in {
            "Lange Straße;Atlantis": "Line 1: there is no Ortsteil 'Atlantis'",
            "Lange Straße;Klüt\nnur ein Feld": "Line 2 is not of the form",
            "a;b;c": "Line 1 is not of the form", ";;;": "names no street",
            "": "names no street", f"{'x' * 121};Klüt": "is no street's name"}.items():
        with pytest.raises(BadStreets, match=words):
            load(town, text)
    assert town.query(Street).count() == 5


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_the_command_loads_a_file_and_words_what_is_wrong(
        session, database_url, valkey, tmp_path, monkeypatch):
    seed(session)
    session.commit()
    for name, value in {**SECRETS, "database_url": database_url, "redis_url": valkey.url,
                        "var_dir": str(tmp_path)}.items():
        monkeypatch.setenv(f"CIVIC_PUSH_{name.upper()}", value)
    file = tmp_path / "streets.csv"
    file.write_bytes(b"\xef\xbb\xbf" + LIST.encode())
    done = CliRunner().invoke(main, ["load-streets", str(file)])
    assert (done.exit_code, done.output) == (0, "The street list has 5 rows.\n")
    file.write_bytes("Lange Straße;Klüt".encode("latin-1"))
    done = CliRunner().invoke(main, ["load-streets", str(file)])
    assert (done.exit_code, "is not in UTF-8" in done.output) == (1, True)
    file.write_text("Lange Straße;Atlantis", encoding="utf-8")
    done = CliRunner().invoke(main, ["load-streets", str(file)])
    assert (done.exit_code, "Nothing was changed" in done.output) == (1, True)
    assert len(streets.search(session, "lange")) == 2
