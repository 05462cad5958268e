"""`civic-push staff …`: accounts made on the server; and `civic-push verify-audit`."""

from __future__ import annotations

from typing import NoReturn

import click
from flask.cli import with_appcontext

from civic_push.db import db, read_only, utcnow
from civic_push.staff import accounts, trail
from civic_push.staff.models import Staff
from civic_push.staff.roles import EDITOR, ROLES


@click.group()
def staff() -> None:
    """Who may work at the desk."""


@staff.command("add")
@click.argument("email")
@click.option("--role", type=click.Choice(list(ROLES)), default=EDITOR,
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
    _note("staff.added", account)
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
        account = accounts.existing(db.session(), email)
        accounts.change_password(db.session(), account, new)
    except accounts.BadAccount as error:
        _fail(error)
    _note("staff.password_changed", account)
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
        account = accounts.existing(db.session(), email)
        accounts.disable(db.session(), account)
    except accounts.BadAccount as error:
        _fail(error)
    _note("staff.closed", account)
    db.session.commit()
    click.echo(f"{email} can no longer sign in.")


@click.command("verify-audit")
@click.option("--expect", default="", metavar="HASH",
              help="A hash noted earlier; it must still be in the trail.")
@with_appcontext
def verify_audit(expect: str) -> None:
    """Recompute the audit trail's chain of hashes; the status is 1 where it is broken."""
    with read_only(db.session()):
        verdict = trail.verify(db.session(), expect.strip().lower())
    if verdict.broken is not None:
        raise click.ClickException(
            f"Entry {verdict.broken} does not fit: it or what stood before it was changed. "
            f"The {verdict.entries} entries before it hold.")
    if not verdict.expected_seen:
        raise click.ClickException("The expected hash is not in the trail: its end is missing, "
                                   "or it was written anew.")
    click.echo(f"The trail holds: {verdict.entries} entries. Last hash: {verdict.last}")


def _note(action: str, account: Staff) -> None:
    db.session.flush()
    trail.record(db.session(), trail.COMMAND, action, ("staff", account.id),
                 after=accounts.told(account))


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


COMMANDS: list[click.Command] = [staff, verify_audit]
