"""What stands together in the tray, and what does not."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from civic_push.intake.grouping import Group, Seen, Sign, grouped, plain_link

NOON = datetime(2026, 11, 18, 12, tzinfo=UTC)


def groups(*rows: tuple[str, str, int], days: float = 0) -> list[Group]:
    """Group (title, link, source), each `days` after the one before."""
    return grouped([Seen(number, title, link, source, NOON + timedelta(days=days * number))
                    for number, (title, link, source) in enumerate(rows, start=1)])


def test_one_address_told_by_two_sources_is_one_thing() -> None:
    assert groups(("Straße zu", "https://www.detmold.de/a/1/?utm_source=feed#oben", 1),
                  ("Ganz andere Worte", "http://detmold.de/a/1", 2)) == [
        Group((1, 2), Sign.LINK)]


def test_one_source_that_links_everything_to_one_page_tells_many_things() -> None:
    assert len(groups(("Rat tagt", "https://a.de/p", 1), ("Bad zu", "https://a.de/p", 1))) == 2


def test_a_site_s_front_page_says_nothing() -> None:
    assert len(groups(("Rat tagt", "https://a.de/", 1), ("Bad zu", "https://a.de", 2))) == 2


@pytest.mark.parametrize(("first", "second", "sign"), [
    ("Vollsperrung der Bielefelder Straße", "Vollsperrung: Bielefelder Strasse", Sign.TITLE),
    ("Bombenfund in Hiddesen: Gebiet am Abend geräumt", "Bombenfund Hiddesen, Gebiet geräumt",
     Sign.SIMILAR),
    ("Ratssitzung am 3. Dezember im Rathaus", "Ratssitzung am 10. Dezember im Rathaus", None),
    ("Sperrung der Lemgoer Straße", "Sperrung der Bielefelder Straße", None),
    ("Brand in Hiddesen", "Brand in Remmighausen", None),
    ("Freibad", "Freibad", None),  # one word alone is no title
])
def test_titles_are_compared_by_their_words(first: str, second: str, sign: Sign | None) -> None:
    found = groups((first, "", 1), (second, "", 2))
    assert found == ([Group((1, 2), sign)] if sign else [Group((1,)), Group((2,))])


def test_the_same_words_weeks_apart_are_another_matter() -> None:
    rows = ("Sperrmüll wird abgeholt", "", 1), ("Sperrmüll wird abgeholt", "", 1)
    assert len(groups(*rows, days=6)) == 1
    assert len(groups(*rows, days=8)) == 2


def test_groups_grow_over_several_signs_and_name_the_surest() -> None:
    assert groups(("Bombenfund in Hiddesen: Gebiet geräumt", "https://a.de/1", 1),
                  ("Kino am Abend", "", 1),
                  ("Bombenfund Hiddesen Gebiet geräumt", "", 2),
                  ("Aktuell", "https://a.de/1", 3)) == [
        Group((1, 3, 4), Sign.LINK), Group((2,))]


def test_signs_survive_when_two_groups_become_one() -> None:
    found = groups(("Alpha Beta Gamma", "https://a.de/1", 1), ("Delta Epsilon Zeta", "", 1),
                   ("Delta Epsilon Zeta", "https://a.de/1", 2))
    assert found == [Group((1, 2, 3), Sign.LINK)]


@pytest.mark.timeout(60)  # each with each would take minutes
def test_twenty_thousand_items_are_grouped_without_comparing_each_with_each() -> None:
    rows = [Seen(n, f"Meldung über Ding{n} und Sache{n // 2} im Ort{n % 27}", "", n % 5, NOON)
            for n in range(20_000)]
    assert len(grouped(rows)) == 20_000


def test_addresses_lose_only_what_does_not_matter() -> None:
    assert plain_link("https://x.de/a?id=7&fbclid=z") == plain_link("https://x.de/a/?id=7")
    assert plain_link("https://x.de/a?id=7") != plain_link("https://x.de/a?id=8")
    assert plain_link("kein link") == ""
