"""Short addresses: what SMS lead to."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from flask.testing import FlaskClient
from hypothesis import given
from hypothesis import strategies as st

from civic_push.config import Settings
from civic_push.wording.addresses import code_of, id_of, page_url, short_url
from subscriptions.models import Register

TOWN = Settings(public_url="https://meldungen.detmold.de")


@given(st.integers(0, 2**63 - 1))
def test_every_code_leads_back_to_its_number(number: int) -> None:
    code = code_of(number)
    assert len(code) <= 13
    assert id_of(code) == id_of(code.upper()) == number


@pytest.mark.parametrize(("code", "number"), [
    ("0", 0), ("z", 31), ("10", 32), ("1o", 32), ("LO", 32), ("Il", 33)])
def test_misread_letters_lead_to_the_same_place(code: str, number: int) -> None:
    assert id_of(code) == number


@pytest.mark.parametrize("code", ["", "u", "a b", "ä", "1" * 14, "8" + "0" * 12, "\x00", "-1"])
def test_what_is_no_code_has_no_number(code: str) -> None:
    assert id_of(code) is None


def test_the_addresses_carry_the_words_a_reader_asked_for() -> None:
    assert page_url(TOWN, 7) == "https://meldungen.detmold.de/meldungen/7"
    assert page_url(TOWN, 7, "en", Register.PLAIN).endswith("/7?sprache=en&form=einfach")
    assert short_url(TOWN, 1000) == "https://meldungen.detmold.de/m/z8"
    assert short_url(TOWN, 1000, Register.PLAIN) == "https://meldungen.detmold.de/e/z8"


def test_a_short_link_leads_to_the_page_without_a_trace(
        make_app: Callable[..., object]) -> None:
    app = make_app(public_url="https://meldungen.detmold.de")
    client: FlaskClient = app.test_client()  # type: ignore[attr-defined]
    answer = client.get("/m/z8")
    assert (answer.status_code, answer.location) == (302, page_url(TOWN, 1000))
    assert client.get("/e/Z8").location == page_url(TOWN, 1000, register=Register.PLAIN)
    assert "Set-Cookie" not in answer.headers
    assert answer.headers["Referrer-Policy"] == "no-referrer"


@pytest.mark.parametrize("path", ["/m/u", "/m/" + "z" * 60, "/e/%00", "/m/%F0%9F", "/m/a/b"])
def test_a_mistyped_link_gets_the_page_that_says_so(client: FlaskClient, path: str) -> None:
    answer = client.get(path)
    assert answer.status_code == 404
    assert "Diese Seite gibt es nicht." in answer.text
