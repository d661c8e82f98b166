"""The operator's commands for the keys that sign grants: list, rotate, revoke.

What a script needs stands on stdout. Called by the main group.
"""

import click

from app.audit.rules import COMMAND
from app.cli.identity import command_work
from app.grants.queries import list_keys
from app.grants.service import revoke_key, rotate_key
from app.kernel.ids import parse, show
from app.kernel.instants import instant_text


@click.group()
def signing_key() -> None:
    """Keys that sign the grants of approved actions."""


@signing_key.command("list")
def show_all() -> None:
    """Print every key: id, when it was made, and whether it signs, is retired or revoked."""
    with command_work() as work:
        for key in list_keys(work.session):
            state = "revoked" if key.revoked_at else "retired" if key.retired_at else "signs"
            click.echo(f"{show('signing_key', key.id)}  {instant_text(key.created_at)}  {state}")


@signing_key.command()
def rotate() -> None:
    """Sign with a new key from now on; grants of the old one stay good. Prints the new key's id."""
    with command_work() as work:
        made = rotate_key(work.session, now=work.now, actor=COMMAND)
        click.echo(show("signing_key", made.id))


@signing_key.command()
@click.argument("key")
def revoke(key: str) -> None:
    """Let no grant that KEY signed count any more, for a key that may be known to others."""
    with command_work() as work:
        revoke_key(work.session, now=work.now, actor=COMMAND, key_id=parse("signing_key", key))
