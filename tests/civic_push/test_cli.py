"""The `civic-push` command: what operators type, and the sentences they get."""

from __future__ import annotations

import os
import tomllib
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from civic_push.cli import main
from civic_push.config import PREFIX, Settings
from tests.conftest import SECRETS
from tests.parts import Valkey


@pytest.fixture(autouse=True)
def clean_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Nothing of the tester's own settings gets in."""
    for name in [n for n in os.environ if n.startswith(PREFIX)]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("CIVIC_PUSH_VAR_DIR", str(tmp_path))


@pytest.fixture
def house(monkeypatch: pytest.MonkeyPatch, valkey: Valkey) -> None:
    """Keys and a queue are set up, the database is not there yet."""
    for name, value in {**SECRETS, "redis_url": valkey.url}.items():
        monkeypatch.setenv(PREFIX + name.upper(), value)


def civic_push(*args: str) -> Result:
    """Run a command as the shell would; only SystemExit may end it."""
    result = CliRunner().invoke(main, args)
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result


def test_help_names_every_command() -> None:
    text = civic_push("--help").output
    for word in ("run", "doctor", "keys", "migrate", "seed", "staff", "add-source",
                 "check-source", "bench"):
        assert f"\n  {word} " in text


def test_a_missing_key_is_one_sentence_not_a_traceback() -> None:
    result = civic_push("migrate")
    assert result.exit_code == 1
    assert "CIVIC_PUSH_SECRET_KEY" in result.stderr
    assert len(result.stderr.strip().splitlines()) == 1


@pytest.mark.usefixtures("house")
def test_a_bad_channel_setting_is_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CIVIC_PUSH_EMAIL_URL", "ftp://nowhere")
    result = civic_push("migrate")
    assert result.exit_code == 1
    assert len(result.stderr.strip().splitlines()) == 1
    assert "EMAIL_URL" in result.stderr.upper()


@pytest.mark.usefixtures("house")
def test_migrate_and_seed_can_be_repeated() -> None:
    for _ in range(2):
        assert civic_push("migrate").exit_code == 0
    assert civic_push("seed").output == "Added 27 Ortsteile and 12 topics.\n"
    assert civic_push("seed").output == "Added 0 Ortsteile and 0 topics.\n"


@pytest.mark.usefixtures("house")
def test_a_command_before_migrate_says_what_is_missing() -> None:
    result = civic_push("seed")
    assert result.exit_code == 1
    assert "civic-push" in result.stderr
    assert len(result.stderr.strip().splitlines()) == 1


@pytest.mark.usefixtures("house")
def test_an_unreachable_database_is_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CIVIC_PUSH_DATABASE_URL", "postgresql+psycopg://x:secret@127.0.0.1:1/x")
    result = civic_push("seed")
    assert result.exit_code == 1
    assert "does not answer" in result.stderr
    assert "secret" not in result.stderr


def test_printed_keys_are_a_valid_settings_file() -> None:
    settings = Settings(**tomllib.loads(civic_push("keys").output))
    assert len(bytes.fromhex(settings.secret_key)) == 32
    assert settings.secret_key != settings.address_key
    assert settings.vapid_private_key.startswith("-----BEGIN")


def test_written_keys_are_private_and_never_overwritten(tmp_path: Path) -> None:
    folder = tmp_path / "keys"
    first = civic_push("keys", "--write", str(folder))
    before = {path.name: path.read_text() for path in folder.iterdir()}
    assert civic_push("keys", "--write", str(folder)).output == first.output
    assert {path.name: path.read_text() for path in folder.iterdir()} == before
    assert set(before) == {"secret_key", "address_key", "vapid_private_key"}
    assert {path.stat().st_mode & 0o777 for path in folder.iterdir()} == {0o600}
    for line in first.output.splitlines():
        name, _, path = line.partition("=")
        assert name.endswith("_FILE")
        assert Path(path).exists()


def test_keys_that_cannot_be_written_are_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    result = civic_push("keys", "--write", str(tmp_path / "file" / "keys"))
    assert result.exit_code == 1
    assert "cannot be written" in result.stderr
