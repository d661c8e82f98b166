"""Private PostgreSQL and Valkey servers in one data directory: start them, find them, or have them for a test."""

import contextlib
import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from app.embedded.account import Account, can_reach, give, server_account
from app.embedded.locate import find_postgres, find_valkey
from app.embedded.postgres import Cluster, make_cluster
from app.embedded.supervisor import Supervisor
from app.embedded.valkey import Broker
from app.kernel.errors import Conflict

# Short, and reachable by every user; what is made in it is private and has a random name.
SHORT_FOLDER = Path("/tmp")  # noqa: S108


class DataDirUnreachable(Conflict):
    """The user that the private servers run as cannot reach the data directory."""


@dataclass
class Servers:
    """Two private servers that are ready."""

    database_url: str
    redis_url: str
    supervisor: Supervisor

    def stop(self) -> None:
        """Stop both. Safe to call twice."""
        self.supervisor.stop()


@contextlib.contextmanager
def temporary_servers(directory: Path | None = None, *, fast: bool = True) -> Iterator[Servers]:
    """Throw-away PostgreSQL and Valkey for a test run, gone at the end of the block; call from the main thread.

    `fast` gives up durability. The database in the URL is the maintenance database and the role is superuser. The
    data lie in a new folder below `directory`, or below /tmp when it is None or the servers' user cannot reach it.
    """
    with contextlib.ExitStack() as undo:
        home = _temporary_folder(directory)
        undo.callback(shutil.rmtree, home, ignore_errors=True)
        account = server_account(home / "postgres")
        sockets = new_socket_folder(account)
        undo.callback(shutil.rmtree, sockets, ignore_errors=True)
        supervisor = Supervisor()
        undo.callback(supervisor.stop)
        cluster = Cluster(
            programs=find_postgres(account=account, copies=home / "programs"),
            directory=home / "postgres",
            sockets=sockets,
            log=home / "postgres.log",
            account=account,
            throw_away=fast,
        )
        broker = Broker(
            program=find_valkey(account=account, copies=home / "programs"),
            directory=home / "valkey",
            sockets=sockets,
            log=home / "valkey.log",
            account=account,
            throw_away=fast,
        )
        make_cluster(cluster)
        supervisor.start(cluster.child())
        broker.make_folder()
        supervisor.start(broker.child())
        yield Servers(database_url=cluster.url, redis_url=broker.url, supervisor=supervisor)


def new_socket_folder(account: Account | None) -> Path:
    """Make a folder for sockets with a short name, since a socket's path may not be longer than 107 bytes."""
    folder = Path(tempfile.mkdtemp(prefix="pd-", dir=SHORT_FOLDER))
    give(folder, account)
    return folder


def _temporary_folder(directory: Path | None) -> Path:
    base = Path(directory) if directory is not None else SHORT_FOLDER
    account = server_account(base / "nothing")
    if not can_reach(account, directories=[base]):
        base = SHORT_FOLDER
    home = Path(tempfile.mkdtemp(prefix="pd-test-", dir=base))
    home.chmod(0o711)
    return home
