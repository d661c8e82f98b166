"""The operator's command for the ledger: derive it anew and compare."""

import click
from rich.console import Console
from rich.progress import Progress

from app.cli.looking import looking, tell
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
    with looking() as session, Progress(console=Console(stderr=True)) as bar:
        total = count_claims(session)
        claims = bar.add_task("Claims", total=total)
        found = list(find_differences(session, advance=lambda more: bar.update(claims, advance=more)))
    tell(found, sound=f"The ledger is what its beats and rates come to: {total} claims.")
