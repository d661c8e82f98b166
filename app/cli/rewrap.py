"""The operator's command for the installation's secret: seal again, under SECRET_KEY, what lies under an older one.

It runs beside the service, a batch in each transaction, and may be stopped and started again at any time.
Called by the main group.
"""

from collections.abc import Iterator
from typing import Final
from uuid import UUID

import click

from app.audit.rules import COMMAND
from app.audit.service import record
from app.cli.connect import connect
from app.kernel.clock import read_now
from app.kernel.db import Database
from app.kernel.ids import new_id
from app.kernel.rewrapping import Batch, Wrapped, rewrap_batch
from app.reports.invariants.secrets import WRAPPED

_BATCH: Final = 500


def _batches(database: Database, wrapped: Wrapped) -> Iterator[Batch]:
    after: UUID | None = None
    while True:
        with database.unit_of_work() as session:
            batch = rewrap_batch(session, wrapped=wrapped, after=after, limit=_BATCH)
        if batch.last is None:
            return
        yield batch
        after = batch.last


def _record(database: Database, counts: dict[str, int]) -> None:
    """Leave one event of the installation, whose subject is this run."""
    with database.unit_of_work() as session:
        record(
            session,
            now=read_now(session),
            actor=COMMAND,
            workspace_id=None,
            type="secrets.rewrapped",
            subject_kind="rewrap",
            subject_id=new_id(),
            details=counts,
        )


@click.command()
def rewrap() -> None:
    """Seal again under SECRET_KEY what lies under one of PROOFDESK_SECRET_KEY_FALLBACKS.

    Prints a line per kind of secret. Exits with 1 when something opens under none of them, and names it.
    """
    counts: dict[str, int] = {}
    lost: list[str] = []
    with connect() as here:
        for wrapped in WRAPPED:
            batches = list(_batches(here.database, wrapped))
            seen, changed = sum(b.seen for b in batches), sum(b.rewrapped for b in batches)
            counts[wrapped.name] = changed
            lost += [f"{wrapped.name} of {row_id}" for batch in batches for row_id in batch.lost]
            click.echo(f"{wrapped.name}: {changed} of {seen} sealed again")
        if any(counts.values()):
            _record(here.database, counts)
    for name in lost:
        click.echo(f"{name} opens under no secret that is set", err=True)
    if lost:
        raise SystemExit(1)
    click.echo("Everything lies under SECRET_KEY.")
