"""`civic-push doctor`: each thing that can be wrong is found and said."""

from __future__ import annotations

import os
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from sqlalchemy.orm import Session

from civic_push.cli import main
from civic_push.config import PREFIX, Settings
from civic_push.doctor import Finding, Level, examine
from civic_push.legal import texts
from tests.conftest import SECRETS
from tests.parts import Valkey


@pytest.fixture(autouse=True)
def clean_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing of the tester's own settings gets in."""
    for name in [n for n in os.environ if n.startswith(PREFIX)]:
        monkeypatch.delenv(name)


@pytest.fixture
def look(database_url: str, valkey: Valkey, tmp_path: Path) -> Callable[..., list[Finding]]:
    """Examine a sound installation with some settings changed."""
    def look_at(**changed: Any) -> list[Finding]:
        return list(examine(Settings(**{
            "database_url": database_url, "redis_url": valkey.url, "var_dir": str(tmp_path),
            "public_url": "https://push.example.org", **SECRETS, **changed})))
    return look_at


def errors(findings: list[Finding]) -> str:
    """All that must be mended, as one text."""
    return "\n".join(f.text for f in findings if f.level is Level.ERROR)


Look = Callable[..., list[Finding]]


def test_only_the_channels_are_missing_in_a_fresh_installation(look: Look) -> None:
    assert errors(look()) == "No channel is set up: residents could not be reached."


def test_a_password_that_is_enough_to_publish_is_pointed_out(look: Look) -> None:
    hints = "\n".join(f.text for f in look(second_factor="offered") if f.level is Level.HINT)
    assert "SECOND_FACTOR" in hints
    assert "SECOND_FACTOR" not in "\n".join(f.text for f in look())


def test_a_channel_whose_provider_is_away_is_named(look: Look) -> None:
    assert "Channel email:" in errors(look(email_url="mailto://127.0.0.1:1?from=a@example.org"))


def test_a_channel_setting_that_cannot_be_read_is_one_finding(look: Look) -> None:
    assert len(errors(look(email_url="ftp://nowhere")).splitlines()) == 1


def test_a_database_that_is_not_migrated_is_found(tmp_path: Path, valkey: Valkey) -> None:
    found = list(examine(Settings(var_dir=str(tmp_path), redis_url=valkey.url, **SECRETS)))
    assert "at version none" in errors(found)
    assert "civic-push migrate" in errors(found)


def test_a_database_that_is_away_is_found_and_its_password_kept(look: Look) -> None:
    found = look(database_url="postgresql+psycopg://x:geheim@127.0.0.1:1/x")
    assert "does not answer" in errors(found)
    assert "geheim" not in "".join(f.text for f in found)


def test_a_queue_that_is_away_is_found(look: Look) -> None:
    assert "The queue" in errors(look(redis_url="unix:///nowhere/valkey.sock"))


def test_plain_http_for_residents_is_an_error_and_localhost_a_hint(look: Look) -> None:
    assert "PUBLIC_URL" in errors(look(public_url="http://push.example.org"))
    assert "PUBLIC_URL" not in errors(look(public_url="http://localhost:8000"))


def test_a_folder_that_is_not_there_is_found(look: Look, tmp_path: Path) -> None:
    assert "does not exist" in errors(look(var_dir=str(tmp_path / "none")))


def test_a_key_that_others_may_read_is_found(
        look: Look, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    key = tmp_path / "key"
    key.write_text("0f" * 32)
    key.chmod(0o644)
    monkeypatch.setenv("CIVIC_PUSH_SECRET_KEY_FILE", str(key))
    assert f"Others may read {key}" in errors(look())
    key.chmod(0o600)
    assert "Others may read" not in errors(look())


def test_missing_keys_are_found(tmp_path: Path) -> None:
    assert "civic-push keys" in errors(list(examine(Settings(var_dir=str(tmp_path)))))


def test_a_misspelt_variable_is_a_hint(look: Look, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CIVIC_PUSH_PUBLIC_ULR", "https://push.example.org")
    hints = [f.text for f in look() if f.level is Level.HINT]
    assert "CIVIC_PUSH_PUBLIC_ULR is set, but there is no such setting." in hints


def test_the_command_fails_where_something_is_wrong(
        monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("CIVIC_PUSH_VAR_DIR", str(tmp_path))
    result = CliRunner().invoke(main, ["doctor"])
    assert result.exit_code == 1
    assert "to mend" in result.stderr
    assert "ERROR" in result.stdout


def test_model_texts_are_named_until_they_are_adapted(
        look: Look, session: Session, now: datetime) -> None:
    def hints() -> str:
        return "\n".join(f.text for f in look() if f.level is Level.HINT)

    assert "model texts: imprint, privacy, accessibility" in hints()
    for name in ("imprint", "accessibility"):
        texts.write(session, name, "de", "$sender", None, now)
    session.commit()
    assert "model texts: privacy." in hints()
