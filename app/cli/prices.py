"""The command that takes in a published list of what language models cost."""

from datetime import UTC, datetime, time
from hashlib import sha256
from pathlib import Path
from uuid import UUID

import click
from rich.console import Console
from rich.progress import Progress

from app.audit.rules import COMMAND
from app.cli.connect import connect
from app.costs.rules.price_lists import PriceList, read_price_list
from app.costs.service import price_unpriced, record_prices
from app.identity.queries import find_workspace
from app.kernel.clock import read_now
from app.kernel.db import Database
from app.kernel.errors import ServiceError

_DIGITS = 12


@click.group()
def prices() -> None:
    """What language models cost by a list."""


@prices.command(name="import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--workspace", required=True, help="Its name or id.")
@click.option(
    "--since",
    type=click.DateTime(["%Y-%m-%d"]),
    help="From which day on the prices hold, where the list does not say. Without it: from today.",
)
def take_in(*, file: Path, workspace: str, since: datetime | None) -> None:
    """Take in FILE, LiteLLM's model_prices_and_context_window.json or the data.json of genai-prices, in dollars.

    What the workspace knows already is not kept again. Calls without a list price are priced, those of today and of
    the days from --since on.
    """
    text = file.read_bytes()
    try:
        found = read_price_list(text.decode())
    except (ServiceError, UnicodeDecodeError) as error:
        raise click.ClickException(f"{file.name}: {error}") from error
    source = f"{found.format} sha256:{sha256(text).hexdigest()[:_DIGITS]}"
    with connect() as here:
        workspace_id, added = _keep(here.database, workspace, found, since, source)
        click.echo(f"{added} new prices of {len(found.prices)}, from {source}.")
        click.echo(f"{found.left_out} models have no price by the token and were left out.")
        click.echo(f"{_price(here.database, workspace_id)} calls that had none have a list price now.")


def _keep(
    database: Database, workspace: str, found: PriceList, since: datetime | None, source: str
) -> tuple[UUID, int]:
    with database.unit_of_work() as session:
        workspace_id = find_workspace(session, name_or_id=workspace).id
        day = (since or read_now(session)).date()
        kept = record_prices(
            session,
            actor=COMMAND,
            workspace_id=workspace_id,
            prices=found.prices,
            valid_from=datetime.combine(day, time(), UTC),
            source=source,
        )
    return workspace_id, kept.added


def _price(database: Database, workspace_id: UUID) -> int:
    """Price what had no price, a batch in each transaction; return how many have one now."""
    total, after = 0, None
    with Progress(console=Console(stderr=True)) as bar:
        calls = bar.add_task("Calls priced", total=None)
        while True:
            with database.unit_of_work() as session:
                priced, after = price_unpriced(session, workspace_id=workspace_id, after=after)
            total += priced
            bar.update(calls, advance=priced)
            if after is None:
                return total
