"""Where a run happens: servers of its own or those of the environment, a database for each filling, a web server.

The private servers are as durable as those of `proofdesk up`; the web server is the one of `proofdesk web`. Everything
that is started here is stopped here.
"""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from urllib.error import URLError
from urllib.request import urlopen

from sqlalchemy import create_engine, text
from sqlalchemy.engine import URL, make_url

from app.cli.operate import web_command
from app.embedded.stack import temporary_servers
from app.kernel.db import Database, make_engine
from app.kernel.schema import upgrade
from app.kernel.sealing import Vault
from bench import bare_flask as bare_flask_app
from bench.limit import connect

ROOT: Final = Path(__file__).resolve().parent.parent
# Seals what a run makes and throws away.
SECRET: Final = "0123456789abcdef of a run that is thrown away"  # noqa: S105  # of throw-away data
HOST: Final = "127.0.0.1"
START_SECONDS: Final = 60
WORKER_STARTS_SECONDS: Final = 4


@dataclass(frozen=True)
class Place:
    """The servers of a run."""

    database_url: str
    redis_url: str


@contextmanager
def servers() -> Iterator[Place]:
    """Yield the servers that DATABASE_URL and REDIS_URL name, else private ones."""
    database_url, redis_url = os.environ.get("DATABASE_URL"), os.environ.get("REDIS_URL")
    if database_url and redis_url:
        yield Place(database_url, redis_url)
        return
    with temporary_servers(fast=False) as started:
        yield Place(started.database_url, started.redis_url)


@contextmanager
def new_database(place: Place, name: str) -> Iterator[str]:
    """Yield the URL of an empty migrated database, and drop it afterwards."""
    url = make_url(place.database_url).set(drivername="postgresql+psycopg")
    _administer(url, f"DROP DATABASE IF EXISTS {name} WITH (FORCE)", f"CREATE DATABASE {name}")
    try:
        rendered = url.set(database=name).render_as_string(hide_password=False)
        upgrade(rendered)
        yield rendered
    finally:
        _administer(url, f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")


def _administer(url: URL, *statements: str) -> None:
    engine = create_engine(url, isolation_level="AUTOCOMMIT")
    try:
        with engine.connect() as connection:
            for statement in statements:
                connection.execute(text(statement))
    finally:
        engine.dispose()


@contextmanager
def opened(database_url: str, *, connections: int = 1) -> Iterator[Database]:
    """Yield a database of this process; its jobs go nowhere."""
    engine = make_engine(database_url, pool_size=connections)
    try:
        yield Database(engine, Vault(SECRET), lambda _jobs: None)
    finally:
        engine.dispose()


@contextmanager
def web_server(place: Place, database_url: str) -> Iterator[int]:
    """Yield the port of a web server over this database, started as `proofdesk web` starts it.

    The limit of calls is counted as always, but set so high that it refuses nobody.
    """
    port = _free_port()
    environment = {**_environment(place, database_url), "PROOFDESK_BASE_URL": f"http://{HOST}:{port}"}
    with _running(web_command(HOST, port), environment) as server:
        _wait_for(port, server)
        yield port


@contextmanager
def bare_flask(database_url: str) -> Iterator[int]:
    """Yield the port of two bare Flask views over this database, under the same server with the same threads."""
    with connect(database_url) as connection:
        connection.execute(bare_flask_app.MAKE)
    port = _free_port()
    command = web_command(HOST, port)
    command[command.index("app.cli.web_server")], command[-1] = "granian", f"{bare_flask_app.__name__}:app"
    with _running(command, {**os.environ, "BENCH_URL": database_url}) as server:
        _wait_for(port, server)
        yield port


@contextmanager
def worker(place: Place, database_url: str) -> Iterator[None]:
    """Run `proofdesk worker` over this database."""
    environment = {**_environment(place, database_url), "PROOFDESK_ALLOW_PRIVATE_ENDPOINTS": "on"}
    with _running([sys.executable, "-m", "app", "worker"], environment):
        # Its children need a moment, and there is nobody to ask whether they have begun.
        time.sleep(WORKER_STARTS_SECONDS)
        yield


def _environment(place: Place, database_url: str) -> dict[str, str]:
    return {
        **os.environ,
        "DATABASE_URL": database_url,
        "REDIS_URL": place.redis_url,
        "SECRET_KEY": SECRET,
        "PROOFDESK_RATE_LIMIT": "100000000/minute",
        "LOG_LEVEL": "ERROR",
    }


@contextmanager
def _running(command: list[str], environment: dict[str, str]) -> Iterator["subprocess.Popen[bytes]"]:
    process = subprocess.Popen(command, env=environment, cwd=ROOT)
    try:
        yield process
    finally:
        process.terminate()
        try:
            process.wait(15)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        port: int = probe.getsockname()[1]
        return port


def _wait_for(port: int, server: subprocess.Popen[bytes]) -> None:
    end = time.monotonic() + START_SECONDS
    while time.monotonic() < end:
        if server.poll() is not None:
            raise RuntimeError(f"the web server ended with {server.returncode}")
        try:
            with urlopen(f"http://{HOST}:{port}/api/v1/healthz", timeout=1):
                return
        except (URLError, OSError):
            time.sleep(0.1)
    raise RuntimeError("the web server never answered")
