"""The workers as processes: start them, find the children, wait for something to come true."""

import json
import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

from app.kernel.clock import monotonic_ms
from app.settings import Settings

ROLES: Final = ("listener", "sequencer", "sweeper")
_PROGRAM: Final = """
import json, sys
from app.logs import configure
from app.settings import Settings
from workers.runner import run_worker
values = json.loads(sys.stdin.read())
configure("INFO")
run_worker(Settings(**{**values, "allowed_hosts": ()}))
"""


def eventually(condition: Callable[[], object], *, within_seconds: float) -> bool:
    """Ask again and again until the condition holds or the time is over; say which."""
    deadline_ms = monotonic_ms() + within_seconds * 1_000
    pause = threading.Event()
    while not condition():
        if monotonic_ms() > deadline_ms:
            return False
        pause.wait(0.02)
    return True


def is_alive(pid: int) -> bool:
    """Say whether a process runs; a dead one that nobody buried does not."""
    with suppress(OSError):
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    return False


@dataclass
class Workers:
    """A running parent and what it wrote."""

    parent: "subprocess.Popen[bytes]"
    log: Path

    def child(self, role: str) -> int | None:
        """Return the pid of the child in this role, if it runs now."""
        with suppress(OSError):
            for pid in Path(f"/proc/{self.parent.pid}/task/{self.parent.pid}/children").read_text().split():
                if Path(f"/proc/{pid}/comm").read_text().strip() == role and is_alive(int(pid)):
                    return int(pid)
        return None

    def replaced(self, role: str, pid: int) -> Callable[[], bool]:
        """Return the condition that another process than this one has the role."""
        return lambda: self.child(role) not in {None, pid}

    def children(self) -> dict[str, int]:
        """Return the pids of both children, once both run."""
        assert eventually(lambda: all(self.child(role) for role in ROLES), within_seconds=40), self.log.read_text()
        return {role: pid for role in ROLES if (pid := self.child(role))}


@contextmanager
def running(settings: Settings, log: Path, *, environment: Mapping[str, str] | None = None) -> Iterator[Workers]:
    """Run the workers for the length of a block, with this besides their environment, and leave no process behind."""
    with log.open("ab") as output:
        argv = [sys.executable, "-c", _PROGRAM]
        env = {**os.environ, **(environment or {})}
        parent = subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=output, stderr=output, env=env)
    assert parent.stdin is not None
    with parent.stdin as pipe:
        pipe.write(json.dumps(asdict(settings)).encode())
    try:
        yield Workers(parent, log)
    finally:
        parent.terminate()
        try:
            parent.wait(15)
        except subprocess.TimeoutExpired:
            parent.kill()
            parent.wait()
