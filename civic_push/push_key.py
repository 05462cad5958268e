"""`civic-push rotate-push-key`: a new key for browser pushes, without losing a browser.

A browser's push service takes only pushes signed with the key it subscribed with. So the new
key is put before the older ones: new subscriptions are made with it, each old one is signed
for with its own, until the browser comes by a page of ours and subscribes anew.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import click
from flask import current_app
from flask.cli import with_appcontext
from sqlalchemy import select
from sqlalchemy.orm import Session

from channels.vapid import application_server_keys, blocks, key_name, new_private_key
from civic_push import keys
from civic_push.config import PREFIX, settings
from civic_push.db import db, utcnow
from civic_push.delivery.endings import take_over
from subscriptions.leaving import leave
from subscriptions.models import Contact
from subscriptions.seals import Seals, UnreadableAddress

_FILE = f"{PREFIX}VAPID_PRIVATE_KEY_FILE"
_BATCH = 500  # contacts ended in one transaction


@click.command("rotate-push-key")
@click.option("--forget-old", is_flag=True,
              help="Make no new key, but do without the older ones from now on.")
@click.option("--yes", is_flag=True, help="Do not ask before ending what still needs them.")
@with_appcontext
def rotate_push_key(forget_old: bool, yes: bool) -> None:
    """Sign browser pushes with a new key; browsers move to it one by one."""
    present = settings().vapid_private_key
    if not present:
        raise click.ClickException(
            "Browser push is not set up: there is no VAPID key yet. `civic-push keys` makes one.")
    held = [block if block.endswith("\n") else f"{block}\n" for block in blocks(present)]
    wanted = held[:1] if forget_old else [new_private_key(), *held]
    session = db.session()
    newest = key_name(application_server_keys(wanted[0])[0])
    older = [number for number, name in _key_names(session) if name != newest]
    if forget_old:
        _end_older(session, older, yes)
    _store("".join(wanted))
    if forget_old:
        click.echo(f"{len(held) - 1} older key(s) forgotten, {len(older)} contact(s) ended.")
    else:
        click.echo(f"There is a new key. {len(older)} browser(s) go on with their older one "
                   "until they come by a page.")
    click.echo("Start the web server and the workers anew, so that they use it.")


def _key_names(session: Session) -> Iterator[tuple[int, str]]:
    """Each push contact's id and the name of the key it subscribed with."""
    seals: Seals = current_app.extensions["seals"]
    for number, sealed in session.execute(
            select(Contact.id, Contact.address)
            .where(Contact.channel == "push", Contact.address.is_not(None))):
        try:
            yield number, seals.open("push", sealed or b"").partition(" ")[0]
        except UnreadableAddress as error:
            raise click.ClickException(f"Nothing was changed: {error}.") from error


def _end_older(session: Session, older: list[int], yes: bool) -> None:
    """End contacts that cannot be reached without the older keys; stand-ins take over."""
    if older and not yes:
        click.confirm(f"{len(older)} browser(s) still need an older key. They get no pushes any "
                      "more; end them?", abort=True)
    remaining = iter(older)
    while batch := list(islice(remaining, _BATCH)):
        now = utcnow()
        take_over(session, batch, now)
        leave(session, batch, "gone", now)
        session.commit()


def _store(text: str) -> None:
    """Write the keys into their file, or say what to write where they have none."""
    path = os.environ.get(_FILE)
    if not path:
        click.echo(f'Write this into the settings file:\nvapid_private_key = """\n{text}"""')
        return
    try:
        keys.replace(Path(path), text)
    except OSError as error:
        raise click.ClickException(f"{path} cannot be written: {error.strerror}.") from error
