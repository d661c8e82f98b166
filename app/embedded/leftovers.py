"""Finds and stops what a killed run left behind, so that the next start always succeeds.

Two marks tell that a process is ours: a server works in its own data folder, and every other child carries the run's
name in its environment. Nothing else is ever signalled. Where there is no /proc, only servers are found, by the
process id they keep in their folder. Called before a server starts, and when a supervisor starts or stops.
"""

import os
import signal
import subprocess
import time
from collections.abc import Callable, Collection, Sequence
from pathlib import Path

from app.kernel.errors import Conflict

RUN_MARK = "EMBEDDED_RUN"
PROCESSES = Path("/proc")
STEP_SECONDS = 5.0
KILL_SECONDS = 5.0


class LeftoverStays(Conflict):
    """A process of an earlier run does not end, even when killed."""


def stop_leftovers(folder: Path, names: Collection[str], *, signals: Sequence[int]) -> None:
    """Stop every process called one of `names` that works in `folder`.

    Sends each of `signals` in turn, then SIGKILL, and waits up to 5 s after each. Raises LeftoverStays.
    """
    real = folder.resolve()

    def ours(process: Path) -> bool:
        return (process / "comm").read_text().strip() in names and (process / "cwd").readlink() == real

    if PROCESSES.is_dir():
        _stop(lambda: _matching(ours), signals=signals)
    else:
        _stop(lambda: _noted(folder, names), signals=signals)


def stop_marked(mark: str, *, step_seconds: float = 1.0) -> None:
    """Send SIGTERM to every process but ours that carries `mark` as its run, and SIGKILL after `step_seconds`.

    Raises LeftoverStays.
    """
    wanted = f"{RUN_MARK}={mark}".encode()

    def ours(process: Path) -> bool:
        return wanted in (process / "environ").read_bytes().split(b"\0")

    _stop(lambda: _matching(ours), signals=(signal.SIGTERM,), step_seconds=step_seconds)


def _stop(find: Callable[[], list[int]], *, signals: Sequence[int], step_seconds: float = STEP_SECONDS) -> None:
    for number in (*signals, signal.SIGKILL):
        found = find()
        for pid in found:
            _signal(pid, number)
        deadline = time.monotonic() + (KILL_SECONDS if number == signal.SIGKILL else step_seconds)
        while found and time.monotonic() < deadline:
            # The process is nobody's child here, so its end cannot be waited for, only seen.
            time.sleep(0.02)
            found = find()
        if not found:
            return
    raise LeftoverStays(f"These processes of an earlier run do not end: {found}")


def _matching(ours: Callable[[Path], bool]) -> list[int]:
    found = []
    for process in PROCESSES.glob("[0-9]*"):
        try:
            if int(process.name) != os.getpid() and ours(process):
                found.append(int(process.name))
        except OSError:
            # It ended while we looked, or it belongs to somebody else.
            continue
    return found


def _noted(folder: Path, names: Collection[str]) -> list[int]:
    """Process ids from the first lines of the pid files in `folder`, if a process of that name has them now."""
    found = []
    for file in folder.glob("*.pid"):
        pid = file.read_text().split("\n")[0].strip()
        answer = subprocess.run(["ps", "-o", "comm=", "-p", pid], capture_output=True, text=True, check=False)
        if Path(answer.stdout.strip()).name in names:
            found.append(int(pid))
    return found


def _signal(pid: int, number: int) -> None:
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        return
