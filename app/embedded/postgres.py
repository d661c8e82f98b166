"""The private PostgreSQL: making its cluster, the arguments it runs with, and when it is ready.

Promise: a cluster either is whole or is made anew, since it is built beside its place, flushed and then renamed. The
running server keeps fsync on and listens on one Unix socket, never on a port. Only a throw-away cluster of the tests
may trade safety for speed. Called by the stack; it starts no lasting process itself.
"""

import os
import shutil
import signal
import subprocess
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from app.embedded.account import Account, give
from app.embedded.leftovers import stop_leftovers
from app.embedded.locate import Postgres
from app.embedded.supervisor import Child, StopStep
from app.kernel import leash
from app.kernel.errors import Conflict

ROLE = "proofdesk"
DATABASE = "proofdesk"
# Only names the socket file; it keeps a PGPORT in the environment from naming another.
PORT = 5432
SERVER_NAMES = ("postgres", "initdb")
MINIMAL_ENVIRONMENT = {"PATH": "/usr/bin:/bin", "LC_ALL": "C", "TZ": "UTC"}
BUILTIN_LOCALES_SINCE = 17
READY_LINE = 7
# After a crash it first replays at most the log that `max_wal_size` allows.
RECOVERY_SECONDS = 300.0


class ClusterNotMade(Conflict):
    """PostgreSQL could not make its data directory."""


class ClusterUnreadable(Conflict):
    """The PostgreSQL data directory is there, but it is not a cluster."""


@dataclass(frozen=True)
class Cluster:
    """One cluster on disk and the way to run it. `throw_away` gives up durability for speed: tests only."""

    programs: Postgres
    directory: Path
    sockets: Path
    log: Path
    account: Account | None
    throw_away: bool = False

    @property
    def url(self) -> str:
        """The SQLAlchemy URL; a throw-away cluster has only its maintenance database."""
        database = "postgres" if self.throw_away else DATABASE
        return f"postgresql+psycopg://{ROLE}@/{database}?host={quote(str(self.sockets))}&port={PORT}"

    def child(self) -> Child:
        """The server as something to supervise."""
        quick = self.throw_away
        return Child(
            name="postgres",
            argv=[self.programs.program("postgres"), *_server_arguments(self)],
            environment=MINIMAL_ENVIRONMENT,
            uid_gid=self.account.uid_gid if self.account else None,
            folder=Path("/"),
            log=self.log,
            before=lambda: stop_leftovers(self.directory, SERVER_NAMES, signals=(signal.SIGINT, signal.SIGQUIT)),
            ready=self._is_ready,
            ready_seconds=RECOVERY_SECONDS,
            marked=False,
            orphan_signal=signal.SIGQUIT if quick else signal.SIGINT,
            stop_steps=(StopStep(signal.SIGQUIT, 10),)
            if quick
            else (StopStep(signal.SIGINT, 20), StopStep(signal.SIGQUIT, 5)),
        )

    def _is_ready(self, pid: int) -> bool:
        """Whether the server process `pid` says that it takes connections, in its own lock file."""
        try:
            lines = (self.directory / "postmaster.pid").read_text().splitlines()
        except FileNotFoundError:
            return False
        return len(lines) > READY_LINE and lines[0] == str(pid) and lines[READY_LINE].strip() == "ready"


def cluster_major(directory: Path) -> int | None:
    """The major version that made the cluster in `directory`; None when there is none yet.

    Raises ClusterUnreadable when something else lies there.
    """
    try:
        if not directory.exists() or not any(directory.iterdir()):
            return None
        return int((directory / "PG_VERSION").read_text().strip())
    except (OSError, ValueError) as error:
        raise ClusterUnreadable(f"{directory} is not a readable PostgreSQL cluster: {error}") from error


def make_cluster(cluster: Cluster) -> None:
    """Make the cluster unless it exists. Safe to kill at any moment. Raises ClusterNotMade."""
    draft = cluster.directory.with_name(f"{cluster.directory.name}.new")
    stop_leftovers(draft, SERVER_NAMES, signals=(signal.SIGQUIT,))
    shutil.rmtree(draft, ignore_errors=True)
    if cluster_major(cluster.directory) is not None:
        return
    draft.mkdir(mode=0o700)
    give(draft, cluster.account)
    # Nothing of the draft counts before it is flushed as a whole, so its making need not flush step by step.
    _run(cluster, "initdb", [*_initdb_arguments(cluster.programs.major), "--no-sync", "-D", str(draft)])
    if not cluster.throw_away:
        single = ["--single", "-F", "-c", "exit_on_error=on", "-D", str(draft), "postgres"]
        _run(cluster, "postgres", single, text=f"CREATE DATABASE {DATABASE};\n")
        _run(cluster, "initdb", ["--sync-only", "-D", str(draft)])
    draft.rename(cluster.directory)
    _flush_folder(cluster.directory.parent)


def _initdb_arguments(major: int) -> list[str]:
    # Code-point order and Unicode case, alike on every machine and after every upgrade of its C library.
    locale = ["--locale=C", "--lc-ctype=C.UTF-8"]
    if major >= BUILTIN_LOCALES_SINCE:
        locale = ["--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
    return [f"--username={ROLE}", "--auth=trust", "--encoding=UTF8", "--no-instructions", *locale]


def _server_arguments(cluster: Cluster) -> list[str]:
    settings = {
        "listen_addresses": "",
        "unix_socket_directories": str(cluster.sockets),
        "unix_socket_permissions": "0700",
        "max_connections": "60",
        "shared_buffers": "128MB",
        "max_wal_size": "512MB",
        "log_line_prefix": "%m [%p] ",
        "log_timezone": "UTC",
        "timezone": "UTC",
    }
    if cluster.throw_away:
        settings |= {
            "fsync": "off",
            "full_page_writes": "off",
            "synchronous_commit": "off",
            "max_connections": "100",
        }
    pairs = [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]
    return ["-D", str(cluster.directory), "-p", str(PORT), *pairs]


def _run(cluster: Cluster, program: str, arguments: list[str], *, text: str = "") -> None:
    argv = leash.command(
        [cluster.programs.program(program), *arguments],
        orphan_signal=signal.SIGKILL,
        uid_gid=cluster.account.uid_gid if cluster.account else None,
    )
    answer = subprocess.run(
        argv,
        input=text,
        env=MINIMAL_ENVIRONMENT,
        cwd="/",
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    if answer.returncode != 0:
        raise ClusterNotMade(f"{program} failed with {answer.returncode}: {answer.stdout.strip()[-2000:]}")


def _flush_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
