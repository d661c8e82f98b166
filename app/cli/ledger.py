"""The operator's command for the ledger: derive it anew and compare."""

import click
from rich.console import Console
from rich.progress import Progress
from sqlalchemy import text

from app.cli.connect import connect
from app.reports.rebuild import count_claims, find_differences


@click.group()
def ledger() -> None:
    """The ledger of time and money."""


@ledger.command()
@click.option("--check", is_flag=True, help="Compare; posted rows are never changed.")
def rebuild(*, check: bool) -> None:
    """Derive every row of the ledger anew from beats and rates, and compare it with what is posted.

    One line for each claim whose rows differ; exit code 1 if there is any.
    """
    if not check:
        raise click.UsageError("What is posted stays. Add --check to compare it with what is derived anew.")
    with connect() as here, here.database.unit_of_work() as session, Progress(console=Console(stderr=True)) as bar:
        session.execute(text("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY"))
        session.execute(text("SET LOCAL statement_timeout = 0"))
        session.execute(text("SET LOCAL idle_in_transaction_session_timeout = 0"))
        total, different = count_claims(session), 0
        looking = bar.add_task("Claims", total=total)
        for difference in find_differences(session, advance=lambda more: bar.update(looking, advance=more)):
            click.echo(str(difference))
            different += 1
    if different:
        click.echo(f"{different} of {total} claims differ", err=True)
        raise SystemExit(1)
    click.echo(f"The ledger is what its beats and rates come to: {total} claims.")
