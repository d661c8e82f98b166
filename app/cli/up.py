"""`proofdesk up`: the whole service on one machine, with its own PostgreSQL and Valkey if it is given none."""

import sys
import threading
from pathlib import Path

import click

from app.adapters.readiness import Door, ask_ready
from app.cli.connect import data_dir
from app.cli.first_run import prepare_demo
from app.cli.operate import web_command
from app.embedded.data_dir import make_secret_key
from app.embedded.stack import EmbeddedServers, start
from app.embedded.supervisor import Child, StopRequested, StopStep
from app.kernel.errors import ServiceError
from app.kernel.schema import upgrade
from app.settings import BadSetting, Settings, check_names, environment, read_settings

ROOT = Path(__file__).resolve().parent.parent.parent


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--port", default=8080, show_default=True, help="Port to listen on.")
@click.option("--data-dir", "folder", type=click.Path(path_type=Path), help="Where data lie [PROOFDESK_DATA_DIR].")
@click.option("--demo/--no-demo", "with_demo", default=True, help="Fill a demo workspace if there is none.")
def up(host: str, port: int, folder: Path | None, with_demo: bool) -> None:
    """Start everything and keep it running until Ctrl-C."""
    try:
        values = environment()
        check_names(values)
        home = folder or data_dir(values)
        with start(home, database_url=values.get("DATABASE_URL"), redis_url=values.get("REDIS_URL")) as servers:
            settings = _settings(values, servers, host, port)
            _serve(settings, servers, host, port, with_demo=with_demo)
    except StopRequested:
        return
    except (BadSetting, ServiceError) as error:
        raise click.ClickException(str(error)) from error


def _settings(values: dict[str, str], servers: EmbeddedServers, host: str, port: int) -> Settings:
    shown = "127.0.0.1" if host in {"0.0.0.0", "::"} else host  # noqa: S104  # compared, not bound
    return read_settings(
        {
            "PROOFDESK_BASE_URL": f"http://{shown}:{port}",
            "SECRET_KEY": make_secret_key(servers.data_dir),
            **{name: text for name, text in values.items() if text},
            "DATABASE_URL": servers.database_url,
            "REDIS_URL": servers.redis_url,
        }
    )


def child_environment(settings: Settings) -> dict[str, str]:
    """Return the environment of the web server and the worker: ours, .env included, with what this run found out."""
    return {
        **environment(),
        "DATABASE_URL": settings.database_url,
        "REDIS_URL": settings.redis_url,
        "SECRET_KEY": settings.secret_key,
        "PROOFDESK_BASE_URL": settings.base_url,
    }


def _serve(settings: Settings, servers: EmbeddedServers, host: str, port: int, *, with_demo: bool) -> None:
    upgrade(settings.database_url)
    worker = Child(
        name="worker",
        argv=[sys.executable, "-m", "app", "worker"],
        environment=child_environment(settings),
        folder=ROOT,
        stop_steps=(StopStep(15, 12.0),),
    )
    web = Child(
        name="web",
        argv=web_command(host, port),
        environment=child_environment(settings),
        folder=ROOT,
        ready=lambda _pid: _may_have_traffic(host, port, settings.base_url),
        # Whether it has ended is seen at once. Some 4 s are usual; a machine with four times the work took 25 s.
        ready_seconds=120.0,
    )
    servers.supervisor.start(worker)
    servers.supervisor.start(web)
    servers.announce(settings.base_url)
    # Filling the demo takes some seconds of requests; the service is up meanwhile and the supervisor keeps watch.
    stopping = threading.Event()
    about = {"wanted": with_demo, "stopping": stopping}
    threading.Thread(target=prepare_demo, args=(settings,), kwargs=about, daemon=True).start()
    servers.run()
    stopping.set()


def _may_have_traffic(host: str, port: int, site: str) -> bool:
    loopback = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104  # compared, not bound
    return ask_ready(Door(loopback, port), site=site, within_seconds=0).ready
