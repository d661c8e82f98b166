"""`proofdesk demo`: simulated reviewers work through real outputs over the real API, then the report and the checks."""

import contextlib
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from sqlalchemy import text

from app.cli.connect import data_dir, open_database, settings_here
from app.cli.first_run import open_site
from app.embedded.data_dir import find_running
from app.kernel.clock import monotonic_ms
from app.kernel.errors import ServiceError
from app.reports.invariants import check_invariants
from app.settings import Settings, environment
from demo.client import CallFailed, Client
from demo.day import run_day
from demo.fill import fill
from demo.report import print_cost_report

DECISIONS = 50
# Longer than the supervisor gives the web server.
START_MS = 180_000


@click.command()
@click.option("--scale", default=1, show_default=True, type=click.IntRange(1, 200), help="Times 50 decisions.")
@click.option("--seed", default=1, show_default=True, help="Of the simulated reviewers.")
def demo(scale: int, seed: int) -> None:
    """Let simulated reviewers work a day, then print what it cost and check the invariants.

    Uses the service that runs here; if none does, one is started for the length of the command.
    """
    # A pipe has no width of its own; the report needs room for its columns.
    console = Console() if sys.stdout.isatty() else Console(width=130)
    try:
        with _service() as settings:
            _work(console, settings, scale, seed)
    except (CallFailed, ServiceError) as error:
        raise click.ClickException(str(error)) from error


def _work(console: Console, settings: Settings, scale: int, seed: int) -> None:
    database = open_database(settings)
    try:
        site, _ = open_site(database)
        with _progress(console) as progress:
            filling = progress.add_task("Submitting outputs", total=None)
            fill(
                settings.base_url,
                site.admin_key,
                site.submit_key,
                people=site.people,
                copies=1 + scale // 8,
                report=lambda done, total, _what: progress.update(filling, completed=done, total=total),
            )
            working = progress.add_task("Reviewing", total=DECISIONS * scale)
            day = run_day(
                settings.base_url,
                reviewers=site.reviewer_keys,
                decisions=DECISIONS,
                scale=scale,
                seed=seed,
                report=lambda done, total, _what: progress.update(working, completed=done, total=total),
            )
        console.print(f"{day.decisions} decisions, {day.skipped} skipped, {day.released} given back.")
        report = Client(settings.base_url, site.report_key).get("/reports/costs", {"group_by": "task_type,outcome"})
        print_cost_report(console, report)
        with database.unit_of_work() as session:
            session.execute(text("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY"))
            violations = check_invariants(session)
    finally:
        database.engine.dispose()
    for violation in violations:
        console.print(f"{violation.rule}: {violation.subject}: {violation.detail}")
    if violations:
        raise click.ClickException(f"{len(violations)} violations")
    console.print("verify: all invariants hold.")


def _progress(console: Console) -> Progress:
    return Progress(
        TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(), console=console
    )


@contextlib.contextmanager
def _service() -> Iterator[Settings]:
    """Yield the settings of the service that runs here, or of one that lives as long as this block."""
    values = environment()
    if values.get("DATABASE_URL") or find_running(data_dir(values)) is not None:
        yield settings_here()
        return
    with tempfile.NamedTemporaryFile(prefix="proofdesk-demo-") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "app", "up", "--no-demo", "--port", str(_free_port())],
            stdout=log,
            stderr=subprocess.STDOUT,
            cwd=Path(__file__).resolve().parent.parent.parent,
        )
        try:
            _wait(process, values)
            yield settings_here()
        finally:
            process.terminate()
            process.wait(timeout=30)


def _free_port() -> int:

    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _wait(process: "subprocess.Popen[bytes]", values: dict[str, str]) -> None:
    deadline = monotonic_ms() + START_MS
    while monotonic_ms() < deadline and process.poll() is None:
        running = find_running(data_dir(values))
        if running is not None and running.web_url is not None:
            return
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(timeout=0.1)
    raise click.ClickException("The service did not start; try `proofdesk up`.")
