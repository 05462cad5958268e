"""Signed links and codes."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from subscriptions.seals import Seals, UnreadableAddress
from subscriptions.tokens import LENGTH, BadToken, ExpiredToken, Purpose, Tokens

TOKENS = Tokens(b"s" * 32)
NOW = datetime(2026, 11, 18, tzinfo=UTC)


@given(contact=st.integers(0, 2**48 - 1), challenge=st.integers(0, 2**62))
def test_a_token_opens_for_its_contact_purpose_and_challenge(contact, challenge):
    token = TOKENS.make(Purpose.CONFIRM, contact, challenge=challenge)
    assert len(token) == LENGTH
    assert TOKENS.contact_id(token) == contact
    assert TOKENS.check(Purpose.CONFIRM, token, now=NOW, challenge=challenge) == contact
    with pytest.raises(BadToken):
        TOKENS.check(Purpose.MANAGE, token, now=NOW, challenge=challenge)
    with pytest.raises(BadToken):
        TOKENS.check(Purpose.CONFIRM, token, now=NOW, challenge=challenge + 1)
    with pytest.raises(BadToken):
        Tokens(b"t" * 32).check(Purpose.CONFIRM, token, now=NOW, challenge=challenge)


def test_a_token_ends_when_it_says():
    token = TOKENS.make(Purpose.MANAGE, 7, expires_at=NOW)
    assert TOKENS.check(Purpose.MANAGE, token, now=NOW - timedelta(seconds=1)) == 7
    with pytest.raises(ExpiredToken):
        TOKENS.check(Purpose.MANAGE, token, now=NOW)


@pytest.mark.parametrize("position", range(LENGTH - 1))
def test_a_changed_token_is_worthless(position):
    token = TOKENS.make(Purpose.LEAVE, 7)
    changed = token[:position] + ("A" if token[position] != "A" else "B") + token[position + 1:]
    with pytest.raises(BadToken):
        TOKENS.check(Purpose.LEAVE, changed, now=NOW)


@given(st.text(max_size=60))
def test_rubbish_is_a_bad_token_and_nothing_worse(text):
    with pytest.raises(BadToken):
        TOKENS.check(Purpose.LEAVE, text, now=NOW)


def test_a_code_is_six_digits_and_is_found_between_spaces():
    code = TOKENS.code(7, 1234)
    assert len(code) == 6
    assert TOKENS.check_code(7, 1234, f" {code[:3]} {code[3:]}\n")
    assert not TOKENS.check_code(7, 1235, code)
    assert not TOKENS.check_code(7, 1234, "")


def test_a_sealed_address_opens_only_with_its_key_and_channel():
    seals = Seals(b"a" * 32)
    sealed = seals.seal("email", "anna@example.org")
    assert seals.open("email", sealed) == "anna@example.org"
    assert sealed != seals.seal("email", "anna@example.org")
    assert seals.fingerprint("email", "x") != seals.fingerprint("sms", "x")
    for key, channel in ((b"b", "email"), (b"a", "sms")):
        with pytest.raises(UnreadableAddress):
            Seals(key * 32).open(channel, sealed)
