"""What commands share that look at a live system: one instant of it, for as long as it takes, and what they found.

Called by `verify` and the ledger's command.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import click
from sqlalchemy import text
from sqlalchemy.orm import Session

from app.cli.connect import connect
from app.reports.invariants import Violation


@contextmanager
def looking() -> Iterator[Session]:
    """Yield a session that sees the database as it is now, writes nothing, and is never cut off."""
    with connect() as here, here.database.unit_of_work() as session:
        session.execute(text("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY"))
        session.execute(text("SET LOCAL statement_timeout = 0"))
        session.execute(text("SET LOCAL idle_in_transaction_session_timeout = 0"))
        yield session


def tell(violations: Sequence[Violation], *, sound: str) -> None:
    """Print a line for each violation and exit with 1, or say that there is none.

    Raises:
        SystemExit: there is one.
    """
    for violation in violations:
        click.echo(f"{violation.rule}: {violation.subject}: {violation.detail}")
    if violations:
        click.echo(f"{len(violations)} violations", err=True)
        raise SystemExit(1)
    click.echo(sound)
