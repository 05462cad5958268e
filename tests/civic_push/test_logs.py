"""What is logged: events, never the values of variables."""

from __future__ import annotations

import structlog

from civic_push import logs


def test_an_error_is_logged_without_the_values_of_variables(capsys):
    logs.configure()

    def fails(address: str) -> None:
        raise RuntimeError("the provider is away")

    try:
        fails("@".join(("anna", "example.org")))
    except RuntimeError:
        structlog.get_logger().exception("clock.tick_failed", bell="minute")
    printed = capsys.readouterr().err
    assert "event='clock.tick_failed'" in printed
    assert "bell='minute'" in printed
    assert "the provider is away" in printed
    assert "anna@example.org" not in printed
