"""The operator's commands for the trail: export a workspace's chain, check an exported one, seal what is not sealed.

Called by the main group, and by `verify`.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, TextIO

import click
from sqlalchemy import text

from app.audit.queries import read_chain
from app.audit.rules import BrokenChain, check_lines
from app.audit.service import seal_events
from app.cli.connect import connect
from app.cli.identity import command_work
from app.identity.queries import find_workspace
from app.kernel.errors import Malformed
from app.kernel.strict_json import decode, encode


@click.group()
def audit() -> None:
    """The trail, and the chains that seal it."""


@audit.command()
@click.option("--workspace", required=True, help="Name or id of the workspace.")
@click.option("--to", "file", type=click.File("w", encoding="utf-8"), default="-", help="Where to; stdout if left out.")
def export(workspace: str, file: TextIO) -> None:
    """Write a workspace's chain, one event a line, for `proofdesk verify --chain`."""
    with command_work() as work:
        work.session.execute(text("SET LOCAL statement_timeout = 0"))
        work.session.execute(text("SET LOCAL idle_in_transaction_session_timeout = 0"))
        found = find_workspace(work.session, name_or_id=workspace)
        for line in read_chain(work.session, chain=found.id):
            file.write(encode(line).decode() + "\n")


@audit.command()
def seal() -> None:
    """Seal what is not sealed yet. A running worker does so by itself; a restored backup may need it once."""
    count, more = 0, True
    with connect() as here:
        while more:
            with here.database.unit_of_work() as session:
                sealed = seal_events(session)
            count, more = count + sealed.count, sealed.more
    click.echo(f"{count} events sealed.")


def check_file(path: Path) -> None:
    """Check an exported chain without any database, and print its length and last hash.

    Raises:
        click.ClickException: a line does not follow from the one before it, or is no event.
    """
    try:
        with path.open("rb") as file:
            count, last = check_lines(_lines(file))
    except BrokenChain as error:
        raise click.ClickException(f"The chain is broken: {error}.") from error
    click.echo(f"{count} events, each follows from the one before it. The last hash is {last.hex()}.")


def _lines(file: Any) -> Iterator[dict[str, Any]]:
    for number, line in enumerate(file, start=1):
        try:
            document = decode(line)
        except Malformed as error:
            raise BrokenChain(f"line {number} is not JSON") from error
        if not isinstance(document, dict):
            raise BrokenChain(f"line {number} is no event")
        yield document
