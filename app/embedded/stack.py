"""Private PostgreSQL and Valkey in one data directory: start them, or have a throw-away pair for a test run.

Promise: a start succeeds whatever the run before left behind, data survive it, and leaving the block stops all that
was started. This is the door of the package: `proofdesk up`, the other commands and the tests use these names. It
adds no tables and knows no schema.
"""

import contextlib
import logging
import os
import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from app.embedded.account import Account, can_enter, give, server_account
from app.embedded.data_dir import (
    ROOT_MODE,
    STATE,
    AlreadyRunning,
    DataDirUnreachable,
    NotRunning,
    Running,
    default_data_dir,
    find_running,
    hold,
    make_data_dir,
    make_secret_key,
    note_running,
    require_running,
)
from app.embedded.guard import guard
from app.embedded.leftovers import stop_marked
from app.embedded.locate import find_postgres, find_valkey
from app.embedded.postgres import Cluster, cluster_major, make_cluster
from app.embedded.supervisor import Child, ChildFailed, StopRequested, StopStep, Supervisor
from app.embedded.valkey import Broker

__all__ = [
    "AlreadyRunning",
    "Child",
    "ChildFailed",
    "DataDirUnreachable",
    "EmbeddedServers",
    "NotRunning",
    "Running",
    "StopRequested",
    "StopStep",
    "default_data_dir",
    "find_running",
    "make_secret_key",
    "require_running",
    "start",
    "temporary_servers",
]

# Short, and reachable by every user; what is made in it is private and has a random name.
SHORT_FOLDER = Path("/tmp")  # noqa: S108  # said above
SOCKETS_PREFIX = "pd-"
SOCKETS_NOTE = "sockets"
LOG_BYTES = 10_000_000

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class EmbeddedServers:
    """What runs in a data directory. Further children go to `supervisor`; `run` keeps all of them alive."""

    database_url: str
    redis_url: str
    supervisor: Supervisor
    data_dir: Path

    def announce(self, web_url: str) -> None:
        """Note where the pages are, for other commands to find."""
        running = find_running(self.data_dir)
        if running is not None:
            note_running(self.data_dir, replace(running, web_url=web_url))

    def run(self) -> None:
        """Keep every child alive until SIGINT, SIGTERM or a closed terminal asks for the stop."""
        self.supervisor.run()

    def stop(self) -> None:
        """Stop all children in reverse order. Leaving the block does the same; safe to call twice."""
        self.supervisor.stop()


@dataclass(frozen=True)
class _Site:
    """Where one pair of servers lives and who runs it."""

    home: Path
    logs: Path
    sockets: Path
    account: Account | None
    throw_away: bool

    @property
    def copies(self) -> Path:
        return self.home / "programs"


@contextlib.contextmanager
def start(
    data_dir: Path, *, database_url: str | None = None, redis_url: str | None = None
) -> Iterator[EmbeddedServers]:
    """Start the private servers of `data_dir`, or only the one whose URL is not given, and wait for them.

    Call from the main thread. Within the block SIGINT and SIGTERM only ask for the stop: `run` returns, the start of
    a further child raises StopRequested, a second signal raises KeyboardInterrupt. Raises AlreadyRunning,
    DataDirUnreachable, ChildFailed and the errors of finding and preparing the servers.
    """
    with contextlib.ExitStack() as undo:
        home = make_data_dir(data_dir)
        undo.callback(os.close, hold(home))
        undo.callback((home / STATE).unlink, missing_ok=True)
        supervisor = Supervisor(mark=str(home))
        undo.callback(supervisor.stop)
        supervisor.catch_signals()
        stop_marked(str(home))
        supervisor.start(guard(str(home)))
        running = Running(supervisor_pid=os.getpid(), database_url=None, redis_url=None)
        if database_url is None or redis_url is None:
            site = undo.enter_context(_lasting_site(home))
            if database_url is None:
                database_url = _start_postgres(site, supervisor)
                running = replace(running, database_url=database_url)
            if redis_url is None:
                redis_url = _start_valkey(site, supervisor)
                running = replace(running, redis_url=redis_url)
            # The sockets go last: the servers are stopped before their folder is removed.
            undo.callback(supervisor.stop)
        note_running(home, running)
        yield EmbeddedServers(database_url, redis_url, supervisor, home)


@contextlib.contextmanager
def temporary_servers(directory: Path | None = None, *, fast: bool = True) -> Iterator[EmbeddedServers]:
    """Throw-away PostgreSQL and Valkey for a test run, gone at the end of the block; call from the main thread.

    `fast` gives up durability, and the database in the URL is then the maintenance database. The role is superuser.
    The data lie in a new folder below `directory`, or below /tmp when that is None or the servers cannot enter it.
    """
    account = server_account(SHORT_FOLDER / "absent")
    with contextlib.ExitStack() as undo:
        base = directory if directory is not None and can_enter(account, directory) else SHORT_FOLDER
        home = Path(tempfile.mkdtemp(prefix="pd-test-", dir=base))
        undo.callback(shutil.rmtree, home, ignore_errors=True)
        home.chmod(ROOT_MODE)
        sockets = _new_sockets(account)
        undo.callback(shutil.rmtree, sockets, ignore_errors=True)
        supervisor = Supervisor()
        undo.callback(supervisor.stop)
        site = _Site(home=home, logs=home, sockets=sockets, account=account, throw_away=fast)
        database_url = _start_postgres(site, supervisor)
        redis_url = _start_valkey(site, supervisor)
        yield EmbeddedServers(database_url, redis_url, supervisor, home)


@contextlib.contextmanager
def _lasting_site(home: Path) -> Iterator[_Site]:
    account = server_account(home / "postgres")
    if not can_enter(account, home):
        name = account.name if account else "you"
        raise DataDirUnreachable(f"The servers run as {name}, who cannot enter {home}. Choose another data directory.")
    logs = home / "logs"
    logs.mkdir(mode=0o700, exist_ok=True)
    for log in logs.glob("*.log"):
        if log.stat().st_size > LOG_BYTES:
            log.replace(log.with_suffix(".log.1"))
    note = home / SOCKETS_NOTE
    _remove_noted_sockets(note)
    sockets = _new_sockets(account)
    note.write_text(str(sockets))
    try:
        yield _Site(home=home, logs=logs, sockets=sockets, account=account, throw_away=False)
    finally:
        _remove_noted_sockets(note)


def _new_sockets(account: Account | None) -> Path:
    """Make a private folder with a short name, since the path of a socket may not be longer than 107 bytes."""
    folder = Path(tempfile.mkdtemp(prefix=SOCKETS_PREFIX, dir=SHORT_FOLDER))
    give(folder, account)
    return folder


def _remove_noted_sockets(note: Path) -> None:
    with contextlib.suppress(FileNotFoundError):
        folder = Path(note.read_text().strip())
        # Only what `_new_sockets` can have made is ever removed.
        if folder.parent == SHORT_FOLDER and folder.name.startswith(SOCKETS_PREFIX):
            shutil.rmtree(folder, ignore_errors=True)
        note.unlink()


def _start_postgres(site: _Site, supervisor: Supervisor) -> str:
    folder = site.home / "postgres"
    cluster = Cluster(
        programs=find_postgres(account=site.account, copies=site.copies, major=cluster_major(folder)),
        directory=folder,
        sockets=site.sockets,
        log=site.logs / "postgres.log",
        account=site.account,
        throw_away=site.throw_away,
    )
    make_cluster(cluster)
    supervisor.start(cluster.child())
    return cluster.url


def _start_valkey(site: _Site, supervisor: Supervisor) -> str:
    broker = Broker(
        program=find_valkey(account=site.account, copies=site.copies),
        directory=site.home / "valkey",
        sockets=site.sockets,
        log=site.logs / "valkey.log",
        account=site.account,
        throw_away=site.throw_away,
    )
    broker.make_folder()
    try:
        supervisor.start(broker.child())
    except ChildFailed as error:
        _log.warning("%s Its data are set aside in %s; what they held is rebuilt.", error, broker.set_aside())
        supervisor.start(broker.child())
    return broker.url
