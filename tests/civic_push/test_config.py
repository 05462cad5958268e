"""Settings: where they come from, which are refused, and in which words."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path

import pytest

from civic_push.app import create_app
from civic_push.config import BadSetting, OutletSetting, Settings, load

KEY = "0f" * 32


def test_without_anything_the_defaults_hold() -> None:
    settings = load({})
    assert settings == Settings()
    assert settings.database == f"sqlite:///{Path('var').absolute() / 'civic_push.db'}"
    assert settings.redis == f"unix://{Path('var').absolute() / 'valkey.sock'}"


def test_the_environment_wins_over_a_file_and_a_file_over_the_default(tmp_path: Path) -> None:
    config = tmp_path / "civic-push.toml"
    config.write_text('town = "Lemgo"\nsender = "Alte Hansestadt Lemgo"\n', encoding="utf-8")
    settings = load({"CIVIC_PUSH_CONFIG": str(config), "CIVIC_PUSH_TOWN": "Blomberg"})
    assert (settings.town, settings.sender) == ("Blomberg", "Alte Hansestadt Lemgo")


def test_a_secret_can_stand_in_a_file_of_its_own(tmp_path: Path) -> None:
    secret = tmp_path / "key"
    secret.write_text(KEY + "\n", encoding="utf-8")
    assert load({"CIVIC_PUSH_SECRET_KEY_FILE": str(secret)}).secret_key == KEY


@pytest.mark.parametrize(("text", "wanted"), [
    ("true", True), ("1", True), ("Yes", True), ("false", False), ("0", False), ("", False)])
def test_a_yes_or_no_is_understood(text: str, wanted: bool) -> None:
    assert load({"CIVIC_PUSH_TELEGRAM_WEBHOOK": text}).telegram_webhook is wanted


def test_lists_are_separated_by_commas_or_spaces() -> None:
    settings = load({"CIVIC_PUSH_FETCH_PRIVATE": "10.0.0.5:80, feeds.local:8080"})
    assert settings.fetch_private == ("10.0.0.5:80", "feeds.local:8080")


def test_outlets_come_as_json_from_the_environment_and_as_tables_from_a_file(
        tmp_path: Path) -> None:
    config = tmp_path / "civic-push.toml"
    config.write_text('[[outlets]]\nname = "mastodon"\nurl = "mastodons://t@host"\n'
                      'topics = ["baustellen"]\n', encoding="utf-8")
    wanted = (OutletSetting("mastodon", "mastodons://t@host", ("baustellen",)),)
    assert load({"CIVIC_PUSH_CONFIG": str(config)}).outlets == wanted
    assert load({"CIVIC_PUSH_OUTLETS": '[{"name": "mastodon", "url": "mastodons://t@host", '
                                       '"topics": ["baustellen"]}]'}).outlets == wanted


@pytest.mark.parametrize(("environ", "sentence"), [
    ({"CIVIC_PUSH_SECRET_KEY": "short"}, "CIVIC_PUSH_SECRET_KEY must be 64 hexadecimal digits"),
    ({"CIVIC_PUSH_ADDRESS_KEY": "z" * 64}, "CIVIC_PUSH_ADDRESS_KEY must be 64 hexadecimal"),
    ({"CIVIC_PUSH_PUBLIC_URL": "push.example.org"}, "PUBLIC_URL must begin with https://"),
    ({"CIVIC_PUSH_PUBLIC_URL": "https://push.example.org/"}, "not end with a slash"),
    ({"CIVIC_PUSH_SMS_URL": "seven://key/491511"}, "must contain {to}"),
    ({"CIVIC_PUSH_TELEGRAM_WEBHOOK": "perhaps"}, "write true or false"),
    ({"CIVIC_PUSH_SMS_MONTHLY_CAP": "many"}, "CIVIC_PUSH_SMS_MONTHLY_CAP cannot be understood"),
    ({"CIVIC_PUSH_OUTLETS": "[{}]"}, "CIVIC_PUSH_OUTLETS cannot be understood"),
    ({"CIVIC_PUSH_OUTLETS": "{"}, "CIVIC_PUSH_OUTLETS cannot be understood"),
    ({"CIVIC_PUSH_CONFIG": "/nowhere/x.toml"}, "The settings file /nowhere/x.toml cannot be read"),
    ({"CIVIC_PUSH_SECRET_KEY_FILE": "/nowhere/key"}, "points to /nowhere/key, which cannot"),
])
def test_a_bad_setting_is_named_in_one_sentence(environ: dict[str, str], sentence: str) -> None:
    with pytest.raises(BadSetting) as caught:
        load(environ)
    assert sentence in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_misspelt_name_in_the_settings_file_is_refused(tmp_path: Path) -> None:
    config = tmp_path / "civic-push.toml"
    config.write_text('twon = "Detmold"\n', encoding="utf-8")
    with pytest.raises(BadSetting, match="twon, which does not exist"):
        load({"CIVIC_PUSH_CONFIG": str(config)})


@pytest.mark.parametrize("overrides", [
    {"public_url": "https://push.example.org"}, {"public_url": "http://192.0.2.7:8000"},
    {"database_url": "postgresql+psycopg:///civic_push"}])
def test_the_demo_cannot_be_switched_on_in_production(overrides: dict[str, str]) -> None:
    with pytest.raises(BadSetting, match="on this machine only"):
        Settings(demo=True, **overrides)


def test_an_app_without_keys_says_how_to_make_them() -> None:
    with pytest.raises(BadSetting, match="civic-push keys"):
        create_app(Settings())


def test_every_setting_says_what_it_is() -> None:
    for setting in fields(Settings):
        assert setting.metadata["about"].strip(), setting.name


def test_secrets_are_marked_as_such() -> None:
    secret = {f.name for f in fields(Settings) if f.metadata["secret"]}
    assert {"secret_key", "address_key", "vapid_private_key", "telegram_token", "email_url",
            "sms_url", "database_url", "redis_url", "outlets"} <= secret
