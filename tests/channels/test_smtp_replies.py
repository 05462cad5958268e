"""What a server's reply means for a letter."""

from __future__ import annotations

import pytest

from channels.base import Kind
from channels.smtp_replies import TEXT_LIMIT, Reply, judge, scrub

REPLIES = [
    ("250 2.0.0 Ok: queued as 4F3A", Kind.SENT),
    ("450 4.2.1 mailbox busy", Kind.LATER),
    ("451 4.7.1 Greylisted", Kind.LATER),
    ("452 4.3.1 Insufficient system storage", Kind.LATER),
    ("550 5.1.1 <max@example.org>: Recipient address rejected: User unknown", Kind.GONE),
    ("550 5.1.10 Recipient not found", Kind.GONE),
    ("550 5.1.6 mailbox has moved", Kind.GONE),
    ("551 User not local; please try <max@example.net>", Kind.GONE),
    ("550 No such user here", Kind.GONE),
    ("550 <max@example.org>: unknown user", Kind.GONE),
    ("550 Requested action not taken: mailbox does not exist", Kind.GONE),
    ("550 5.7.1 Message rejected as spam by Content Filtering", Kind.REFUSED),
    ("550 5.2.1 mailbox disabled", Kind.REFUSED),
    ("550 5.7.1 user unknown to our policy server", Kind.REFUSED),  # the status counts
    ("550 Requested action not taken: mailbox unavailable", Kind.REFUSED),
    ("552 5.3.4 message size exceeds fixed limit", Kind.REFUSED),
    ("552 5.2.2 mailbox full", Kind.LATER),
    ("554 5.7.1 rejected by policy", Kind.REFUSED),
    ("554 5.7.1 <max@example.org>: Relay access denied", Kind.LATER),
    ("550 relaying denied", Kind.LATER),
    ("550 5.7.1 Unable to relay", Kind.LATER),
    ("530 5.7.0 Authentication required", Kind.LATER),
]


def reply(line: str) -> Reply:
    return Reply(int(line[:3]), line[4:])


@pytest.mark.parametrize(("line", "kind"), REPLIES)
def test_each_reply_becomes_one_of_the_outcomes(line: str, kind: Kind) -> None:
    outcome = judge(reply(line))
    assert outcome.kind is kind
    assert "max@" not in outcome.detail + outcome.receipt


@pytest.mark.parametrize("line", [
    "554 5.7.1 <max@example.org>: Relay access denied", "530 5.7.0 Must issue STARTTLS first"])
def test_a_relay_that_refuses_us_rests_the_channel_and_costs_no_inbox(line: str) -> None:
    outcome = judge(reply(line))
    assert (outcome.kind, outcome.whole) == (Kind.LATER, True)


def test_a_busy_mailbox_does_not_rest_the_channel() -> None:
    assert not judge(reply("450 4.2.1 mailbox busy")).whole


def test_the_receipt_is_the_servers_own_name_for_the_mail() -> None:
    assert judge(reply("250 2.0.0 Ok: queued as 4F3A")).receipt == "2.0.0 Ok: queued as 4F3A"


@pytest.mark.parametrize("text", [
    "<max.muster+x@example.org>: rejected", "user max@xn--stdte-hra.de unknown",
    "rejected (max@example.org, anna@example.org)", "RCPT TO:<max@example.org> failed"])
def test_what_the_ledger_keeps_names_nobody(text: str) -> None:
    assert "@" not in scrub(text)


def test_what_the_ledger_keeps_is_short_and_one_line() -> None:
    kept = scrub("a\r\nb\x00c " + "long " * 100)
    assert kept.startswith("a b c long")
    assert len(kept) == TEXT_LIMIT
