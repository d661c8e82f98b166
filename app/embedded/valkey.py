"""The private Valkey: the arguments it runs with, and when it is ready.

Promise: one Unix socket and no port, every write in an append-only file, nothing evicted. What it holds can be lost
and rebuilt from PostgreSQL, so a file it cannot read is set aside rather than stopping the start. Called by the stack.
"""

import shutil
import signal
import socket
from dataclasses import dataclass
from pathlib import Path

from app.embedded.account import Account, give
from app.embedded.leftovers import stop_leftovers
from app.embedded.supervisor import Child, StopStep

SERVER_NAMES = ("valkey-server", "redis-server")
MINIMAL_ENVIRONMENT = {"PATH": "/usr/bin:/bin", "LC_ALL": "C", "TZ": "UTC"}


@dataclass(frozen=True)
class Broker:
    """One Valkey: its program, its folder on disk and its socket. `throw_away` writes nothing to disk: tests only."""

    program: Path
    directory: Path
    sockets: Path
    log: Path
    account: Account | None
    throw_away: bool = False

    @property
    def socket(self) -> Path:
        """The Unix socket it listens on."""
        return self.sockets / "valkey.sock"

    @property
    def url(self) -> str:
        """The URL that redis clients take."""
        return f"unix://{self.socket}"

    def child(self) -> Child:
        """The server as something to supervise."""
        return Child(
            name="valkey",
            argv=[str(self.program), *self._arguments()],
            environment=MINIMAL_ENVIRONMENT,
            uid_gid=self.account.uid_gid if self.account else None,
            folder=Path("/"),
            log=self.log,
            before=lambda: stop_leftovers(self.directory, SERVER_NAMES, signals=(signal.SIGTERM,)),
            ready=self._is_ready,
            marked=False,
            orphan_signal=signal.SIGTERM,
            stop_steps=(StopStep(signal.SIGTERM, 10),),
        )

    def make_folder(self) -> None:
        """Make its folder on disk, owned by whoever runs it."""
        self.directory.mkdir(mode=0o700, exist_ok=True)
        give(self.directory, self.account)

    def set_aside(self) -> Path:
        """Move the folder out of the way, keeping only the newest such copy, and make an empty one."""
        aside = self.directory.with_name(f"{self.directory.name}.unreadable")
        shutil.rmtree(aside, ignore_errors=True)
        self.directory.rename(aside)
        self.make_folder()
        return aside

    def _arguments(self) -> list[str]:
        settings = {
            "port": "0",
            "unixsocket": str(self.socket),
            "unixsocketperm": "700",
            "dir": str(self.directory),
            "appendonly": "no" if self.throw_away else "yes",
            "appendfsync": "everysec",
            "save": "",
            "maxmemory-policy": "noeviction",
            "daemonize": "no",
            "pidfile": str(self.directory / "valkey.pid"),
        }
        return [word for name, value in settings.items() for word in (f"--{name}", value)]

    def _is_ready(self, _pid: int) -> bool:
        """Whether it answers; while it still loads its file it answers with an error."""
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
            connection.settimeout(1)
            try:
                connection.connect(str(self.socket))
                connection.sendall(b"PING\r\n")
                return connection.recv(16).startswith(b"+PONG")
            except OSError:
                return False
