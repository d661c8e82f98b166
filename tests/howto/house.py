"""An installation as an operator has it: a database, a Redis, an environment, and processes that are started in it."""

import os
import socket
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy.engine import make_url

from app.embedded.locate import find_postgres


def free_port() -> int:
    """Return a port of loopback that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass(frozen=True)
class House:
    """Where commands run, and with which environment."""

    folder: Path
    environment: dict[str, str]

    def with_settings(self, **settings: str) -> "House":
        """Return the same with other settings."""
        return House(self.folder, {**self.environment, **settings})

    def run(self, script: str, *, code: int = 0) -> str:
        """Run a script as a careful shell does, and return what it printed."""
        done = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", script],
            cwd=self.folder,
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )
        assert done.returncode == code, f"{script}\n{done.stdout}{done.stderr}"
        return done.stdout + done.stderr

    @contextmanager
    def running(self, *command: str) -> Iterator["subprocess.Popen[bytes]"]:
        """Keep a part of the service running for the length of a block."""
        process = self.start(*command)
        try:
            yield process
        finally:
            process.terminate()
            process.wait(30)

    def start(self, *command: str) -> "subprocess.Popen[bytes]":
        """Start a part of the service; the caller ends it."""
        with (self.folder / "service.log").open("ab") as log:
            return subprocess.Popen(
                command, cwd=self.folder, env=self.environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log
            )


def make_house(folder: Path, *, database_url: str, redis_url: str, secret: str) -> House:
    """Return an installation in a folder, over an empty database."""
    url = make_url(database_url).set(drivername="postgresql").render_as_string(hide_password=False)
    kept = {name: os.environ[name] for name in ("HOME", "LANG", "TZ") if name in os.environ}
    return House(
        folder,
        {
            **kept,
            "PATH": os.pathsep.join(
                [
                    str(Path(sys.executable).parent),
                    str(find_postgres(account=None, copies=folder).bin),
                    os.environ["PATH"],
                ]
            ),
            "PYTHONPATH": os.pathsep.join(_tree()),
            "DATABASE_URL": url,
            "REDIS_URL": redis_url,
            "SECRET_KEY": secret,
        },
    )


def _tree() -> Sequence[str]:
    root = Path(__file__).resolve().parents[2]
    return [str(root), str(root / "clients" / "python" / "src")]
