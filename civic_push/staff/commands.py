"""`civic-push staff …`: accounts are made on the server, not by mail."""

from __future__ import annotations

from typing import NoReturn

import click
from flask.cli import with_appcontext

from civic_push.db import db, utcnow
from civic_push.staff import accounts


@click.group()
def staff() -> None:
    """Who may work at the desk."""


@staff.command("add")
@click.argument("email")
@click.option("--role", type=click.Choice(list(accounts.ROLES)), default="editor",
              show_default=True, help="What the account may do.")
@click.option("--ask", is_flag=True, help="Ask for the password instead of making one.")
@with_appcontext
def add(email: str, role: str, ask: bool) -> None:
    """Make an account for EMAIL and print its password, once."""
    password = _password(ask)
    try:
        account = accounts.create(db.session(), email, password, role, utcnow())
    except accounts.BadAccount as error:
        _fail(error)
    db.session.commit()
    click.echo(f"{account.email} may sign in as {role}.")
    _show(password, ask)


@staff.command("password")
@click.argument("email")
@click.option("--ask", is_flag=True, help="Ask for the password instead of making one.")
@with_appcontext
def password(email: str, ask: bool) -> None:
    """Give EMAIL a new password and end its sessions."""
    new = _password(ask)
    try:
        accounts.change_password(accounts.existing(db.session(), email), new)
    except accounts.BadAccount as error:
        _fail(error)
    db.session.commit()
    click.echo(f"{email} has a new password.")
    _show(new, ask)


@staff.command("list")
@with_appcontext
def show_all() -> None:
    """List all accounts."""
    for account in accounts.everybody(db.session()):
        roles = ", ".join(role.name for role in account.roles)
        click.echo(f"{account.email}  {roles}{'' if account.active else '  (disabled)'}")


@staff.command("disable")
@click.argument("email")
@with_appcontext
def disable(email: str) -> None:
    """Close the account of EMAIL and end its sessions at once."""
    try:
        accounts.disable(db.session(), email)
    except accounts.BadAccount as error:
        _fail(error)
    db.session.commit()
    click.echo(f"{email} can no longer sign in.")


def _password(ask: bool) -> str:
    if ask:
        return str(click.prompt("Password", hide_input=True, confirmation_prompt=True))
    return accounts.new_password()


def _show(password: str, asked: bool) -> None:
    if not asked:
        click.echo(f"Password (shown only now): {password}")


def _fail(error: accounts.BadAccount) -> NoReturn:
    db.session.rollback()
    raise click.ClickException(str(error))


COMMANDS: list[click.Command] = [staff]
