"""A small instance for the tests to kill: both private servers and one worker that has a child of its own.

Run as `python -m tests.embedded.instance DATA_DIR`; says `ready` on stdout once all is up. Needs nothing but the
standard library and the wheels, so that any Python that can read the tree can run it.
"""

import os
import signal
import sys
import time
from pathlib import Path

from app.embedded import stack
from app.kernel import leash

NOTES = ("worker", "leashed", "escaped")


def main() -> None:
    """Start everything, say so, and keep it alive until told to stop."""
    try:
        with stack.start(Path(sys.argv[1])) as servers:
            for stale in NOTES:
                (servers.data_dir / f"{stale}.pid").unlink(missing_ok=True)
            argv = [sys.executable, "-m", "tests.embedded.instance", str(servers.data_dir), "worker"]
            servers.supervisor.start(stack.Child(name="worker", argv=argv, ready=lambda _pid: noted(servers.data_dir)))
            servers.announce("http://127.0.0.1:8080")
            sys.stdout.write("ready\n")
            sys.stdout.flush()
            servers.run()
    except stack.StopRequested:
        sys.stdout.write("stopped early\n")


def work(data_dir: Path) -> None:
    """Fork a child that is on the leash and one that escapes into a session of its own, then wait for ever."""
    parent = os.getpid()
    for name in ("leashed", "escaped"):
        if os.fork() == 0:
            if name == "leashed":
                leash.die_with_parent(parent_pid=parent)
            else:
                os.setsid()
            note(data_dir, name)
            sleep_for_ever()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    note(data_dir, "worker")
    sleep_for_ever()


def noted(data_dir: Path) -> bool:
    """Whether the worker and both that it forked have left their process ids: whom a test kills must be there."""
    return all((data_dir / f"{name}.pid").exists() for name in NOTES)


def note(data_dir: Path, name: str) -> None:
    """Leave our process id where the test finds it, whole."""
    draft = data_dir / f".{name}.{os.getpid()}"
    draft.write_text(str(os.getpid()))
    draft.replace(data_dir / f"{name}.pid")


def sleep_for_ever() -> None:
    """Until a signal ends it."""
    while True:
        time.sleep(60)


if __name__ == "__main__":
    if sys.argv[2:] == ["worker"]:
        work(Path(sys.argv[1]))
    else:
        main()
