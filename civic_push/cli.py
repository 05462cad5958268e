"""The `civic-push` command. Errors are one sentence on stderr and a status other than 0."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

import click
import redis
from flask import Flask
from flask.cli import ScriptInfo, with_appcontext
from flask_migrate import upgrade
from sqlalchemy.exc import OperationalError, ProgrammingError

from civic_push import config, keys
from civic_push.announce.command import announce
from civic_push.app import create_app
from civic_push.config import PREFIX
from civic_push.db import db
from civic_push.delivery.commands import status
from civic_push.demo.trouble import Trouble
from civic_push.doctor import Level, examine
from civic_push.intake.commands import COMMANDS as INTAKE_COMMANDS
from civic_push.integrations.commands import COMMANDS as CLIENT_COMMANDS
from civic_push.push_key import rotate_push_key
from civic_push.seed import seed
from civic_push.staff.commands import COMMANDS as STAFF_COMMANDS
from subscriptions import streets
from subscriptions.leaving import count_reasons


class _Plain(click.Group):
    """A group whose commands report expected trouble in one sentence, not in a traceback."""

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command; word what an operator can mend."""
        try:
            return super().invoke(ctx)
        except (config.BadSetting, Trouble) as error:
            raise click.ClickException(str(error)) from error
        except OperationalError as error:
            raise click.ClickException(
                f"The database does not answer as it should: {_first_line(error.orig)} "
                "`civic-push doctor` says more.") from error
        except ProgrammingError as error:
            raise click.ClickException(
                f"The database lacks a table: {_first_line(error.orig)} "
                "`civic-push migrate` makes it.") from error
        except redis.ConnectionError as error:
            raise click.ClickException(
                f"The queue (Redis or Valkey) does not answer: {error} "
                "Nothing is lost; the clock rings again when it is back.") from error


def _first_line(error: BaseException | None) -> str:
    return str(error).strip().partition("\n")[0].rstrip(".") + "."


@click.group(cls=_Plain, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="civic-push", prog_name="civic-push")
@click.pass_context
def main(context: click.Context) -> None:
    """Civic Push: town news that come to residents, by neighbourhood and topic."""
    context.obj = ScriptInfo(create_app=_app, set_debug_flag=False)


@main.command()
@click.option("--port", default=8000, show_default=True, type=click.IntRange(1, 65535),
              help="Port of the pages, on this machine only.")
@click.option("--var", "var_dir", default="var", show_default=True, envvar=f"{PREFIX}VAR_DIR",
              type=click.Path(file_okay=False, path_type=Path),
              help="Folder for the database, keys and logs.")
@click.option("--workers", default=2, show_default=True, type=click.IntRange(1, 32),
              help="How many workers deliver.")
@click.option("--new-password", is_flag=True, help="Give the demo editor a new password.")
def run(port: int, var_dir: Path, workers: int, new_password: bool) -> None:
    """Run everything on this machine, with demo inboxes instead of real providers."""
    # its parts are not installed on a production host
    from civic_push.demo.ground import Wishes  # noqa: PLC0415
    from civic_push.demo.run import run_demo  # noqa: PLC0415

    raise SystemExit(run_demo(Wishes(port, var_dir.absolute(), workers, new_password)))


@main.command()
def doctor() -> None:
    """Say what is missing or wrong; the status is 1 where something is."""
    _quiet()
    signs = {Level.OK: "ok    ", Level.HINT: "hint  ", Level.ERROR: "ERROR "}
    errors = 0
    for finding in examine(config.load()):
        errors += finding.level is Level.ERROR
        click.echo(signs[finding.level] + finding.text)
    if errors:
        raise click.ClickException(f"{errors} thing(s) to mend.")
    click.echo("Everything an installation needs is there.")


@main.command(name="keys")
@click.option("--write", "folder", type=click.Path(file_okay=False, path_type=Path),
              help="Write them into files of this folder (0600) instead; existing ones stay.")
def show_keys(folder: Path | None) -> None:
    """Make the secrets of a new installation, as lines for the settings file."""
    if folder is None:
        for name, value in keys.make().items():
            click.echo(f'{name} = """\n{value}"""' if "\n" in value else f'{name} = "{value}"')
        return
    try:
        files = keys.ensure(folder.absolute())
    except OSError as error:
        raise click.ClickException(
            f"The keys cannot be written to {folder}: {error.strerror}.") from error
    for name, path in files.items():
        click.echo(f"{PREFIX}{name.upper()}_FILE={path}")


@main.command()
@with_appcontext
def migrate() -> None:
    """Bring the database's tables to this release."""
    upgrade()
    click.echo("The database is up to date.")


@main.command(name="seed")
@with_appcontext
def seed_command() -> None:
    """Add the 27 Ortsteile and the first topics; what is there stays as it is."""
    places, topics = seed(db.session())
    db.session.commit()
    click.echo(f"Added {places} Ortsteile and {topics} topics.")


@main.command(name="load-streets")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@with_appcontext
def load_streets(file: Path) -> None:
    """Replace the street list by FILE (CSV in UTF-8: name;ortsteil), so that residents can
    find their Ortsteil by street."""
    try:
        count = streets.load(db.session(), file.read_text(encoding="utf-8-sig"))
    except UnicodeDecodeError as error:
        raise click.ClickException(f"{file} is not in UTF-8. Save it so, and try again.") from error
    except streets.BadStreets as error:
        raise click.ClickException(f"{error} Nothing was changed.") from error
    db.session.commit()
    click.echo(f"The street list has {count} rows.")


@main.command()
@with_appcontext
def reasons() -> None:
    """Say how often each reason for leaving was given; fewer than 5 are not told apart."""
    for reason, count in count_reasons(db.session()).items():
        click.echo(f"{reason:<12}{count if count == 0 or count >= 5 else 'fewer than 5'}")


@main.command(context_settings={"ignore_unknown_options": True}, add_help_option=False)
@click.argument("words", nargs=-1, type=click.UNPROCESSED)
def bench(words: tuple[str, ...]) -> None:
    """Measure how fast this machine delivers, next to its limits."""
    try:
        # its yardsticks are not installed on a production host
        from civic_push.bench.run import bench as command  # noqa: PLC0415
    except ModuleNotFoundError as error:
        raise click.ClickException(
            f"{error.name} is not installed; `make bench` brings it.") from error
    command.main(list(words), prog_name="civic-push bench")


for _command in [announce, *CLIENT_COMMANDS, *INTAKE_COMMANDS, *STAFF_COMMANDS,
                 rotate_push_key, status]:
    main.add_command(_command)


def _app() -> Flask:
    """The app from the environment; a setting that a channel refuses is a bad setting."""
    _quiet()
    try:
        return create_app()
    except ValueError as error:
        raise click.ClickException(str(error)) from error


def _quiet() -> None:
    """Keep libraries' progress notes out of what people read."""
    for name in ("alembic", "apprise"):
        logging.getLogger(name).setLevel(logging.WARNING)
