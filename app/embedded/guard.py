"""Outlives a supervisor that was killed by just long enough to end what that one can no longer stop.

Promise: seconds after a supervisor died by SIGKILL, nothing that it had started remains, not even a web server that
waits for an open stream to end, or a process that left its group. It does nothing while the supervisor lives. It is
a child of the supervisor like any other, and carries no lock, no socket and no file.
"""

import os
import signal
import sys
import time
from collections.abc import Sequence

from app.embedded.leftovers import stop_marked
from app.embedded.supervisor import Child

LOOK_SECONDS = 1.0
GRACE_SECONDS = 2.0


def guard(mark: str) -> Child:
    """The guard of the calling process's children, which carry `mark`."""
    return Child(
        name="guard",
        argv=[sys.executable, "-S", "-m", "app.embedded.guard", mark, str(os.getpid())],
        environment={**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)},
        orphan_signal=signal.SIGTERM,
    )


def main(arguments: Sequence[str]) -> None:
    """Wait for the death of the parent, then end all that carries the mark. SIGTERM from a living parent ends it."""
    mark, parent_pid = arguments[0], int(arguments[1])
    signal.signal(signal.SIGTERM, lambda _number, _frame: sys.exit(0))
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        # Where the kernel tells of the death by SIGTERM this ends at once; elsewhere it is seen at the next look.
        while os.getppid() == parent_pid:
            time.sleep(LOOK_SECONDS)
    except SystemExit:
        if os.getppid() == parent_pid:
            raise
    stop_marked(mark, step_seconds=GRACE_SECONDS)


if __name__ == "__main__":
    main(sys.argv[1:])
