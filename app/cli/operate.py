"""The parts of the service, each on its own, for production: web, worker, migrate; and verify."""

import os
import sys
from pathlib import Path
from typing import Final

import click
from psycopg.errors import LockNotAvailable
from sqlalchemy.exc import OperationalError

from app.adapters.readiness import Door, ask_ready
from app.cli.connect import settings_here
from app.cli.looking import looking, tell
from app.cli.trail import check_file
from app.kernel.clock import read_now
from app.kernel.schema import upgrade
from app.logs import configure
from app.reports.invariants import check_invariants
from app.reports.invariants.chains import check_chains

# One process holds one core while it runs Python; with two, a slow request on one does not hold up the other. More
# would want more database connections than two cores have use for.
WEB_PROCESSES: Final = min(2, os.cpu_count() or 1)


def web_command(
    host: str, port: int, *, socket: str | None = None, workers: int = WEB_PROCESSES, threads: int = 16
) -> list[str]:
    """Return the command line of the web server: Granian, which starts a killed worker again.

    Args:
        socket: Listen on this path instead of an address; the group may connect to it.
    """
    place = ["--host", host, "--port", str(port)]
    if socket is not None:
        place = ["--uds", socket, "--uds-permissions", "660"]
    return [
        sys.executable,
        "-m",
        "app.cli.web_server",
        "--interface",
        "wsgi",
        *place,
        "--workers",
        str(workers),
        "--blocking-threads",
        str(threads),
        "--backpressure",
        "1024",
        "--respawn-failed-workers",
        "--no-ws",
        # An open stream or a waiting request must not hold up the end.
        "--workers-kill-timeout",
        "5",
        # Its warnings are advice on the number of threads, which was weighed; ours go through app/logs.py.
        "--log-level",
        "error",
        "wsgi:app",
    ]


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--port", default=8080, show_default=True, help="Port to listen on.")
@click.option("--socket", help="Listen on this path instead, for a proxy on the same machine.")
@click.option("--workers", default=WEB_PROCESSES, show_default=True, help="Server processes.")
def web(host: str, port: int, socket: str | None, workers: int) -> None:
    """Serve pages and API against the database and Redis of the environment."""
    settings_here()
    command = web_command(host, port, socket=socket, workers=workers)
    os.execv(command[0], command)  # noqa: S606  # constants and checked options only


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="Address that the web server listens on.")
@click.option("--port", default=8080, show_default=True, help="Its port.")
@click.option("--socket", help="The path that it listens on instead.")
@click.option("--wait", default=0.0, show_default=True, help="Seconds to ask again before giving up.")
def ready(host: str, port: int, socket: str | None, wait: float) -> None:
    """Say whether a web server may have traffic: exit code 0 when it may, 1 when not, with the parts that are not."""
    door = Door(host, port, socket)
    answer = ask_ready(door, site=settings_here().base_url, within_seconds=wait)
    click.echo(answer.text, err=not answer.ready)
    if not answer.ready:
        raise SystemExit(1)


@click.command()
def worker() -> None:
    """Deliver decisions, end leases that ran out, forget what is old."""
    from workers.runner import run_worker  # noqa: PLC0415  # workers stand above the command line

    settings = settings_here()
    configure(settings.log_level)
    run_worker(settings)


@click.command()
def migrate() -> None:
    """Bring the database's schema up to date."""
    try:
        upgrade(settings_here().database_url)
    except OperationalError as error:
        if not isinstance(error.orig, LockNotAvailable):
            raise
        words = "a table was in use for longer than two seconds; nothing of this step was changed, so run it again"
        raise click.ClickException(words) from error
    click.echo("The schema is up to date.")


@click.command()
@click.option(
    "--chain", type=click.Path(exists=True, dir_okay=False, path_type=Path), help="Check this exported chain instead."
)
def verify(chain: Path | None) -> None:
    """Check the invariants of a live system: one line per violation, exit code 1 if there is any.

    With --chain it checks a file that `proofdesk audit export` wrote, and needs no database.
    """
    if chain is not None:
        check_file(chain)
        return
    with looking() as session:
        violations = [*check_invariants(session), *check_chains(session, now=read_now(session))]
    tell(violations, sound="All invariants hold.")
