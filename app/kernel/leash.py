"""Ties a process to the life of its parent, and starts servers that way.

Promise: what was started through `command` gets a signal from the kernel when its parent dies, even by SIGKILL, and
runs as the account it was given. It is a program of its own (run by path, before the uid changes) because code
between fork and exec is unsafe beside threads. It imports the standard library alone, and nothing of this package.
The supervisor calls `command`; processes that workers fork call `die_with_parent`.
"""

import ctypes
import os
import signal
import sys
from collections.abc import Sequence

PR_SET_PDEATHSIG = 1
PR_SET_NAME = 15
EXIT_CANNOT_START = 71


def die_with_parent(signum: int = signal.SIGKILL, *, parent_pid: int | None = None) -> None:
    """Have the kernel send `signum` to this process when the thread that forked it ends.

    Call it from the main thread, after the last change of uid: a change of credentials clears it. Give `parent_pid`
    when it is known, so that a parent that died before this call is noticed too. Does nothing outside Linux.
    Raises OSError when the kernel refuses.
    """
    if sys.platform == "linux":
        libc = ctypes.CDLL(None, use_errno=True)
        if libc.prctl(PR_SET_PDEATHSIG, int(signum), 0, 0, 0) != 0:
            number = ctypes.get_errno()
            raise OSError(number, os.strerror(number))
    if parent_pid is not None and os.getppid() != parent_pid:
        os.kill(os.getpid(), signum)


def name_process(name: str) -> None:
    """Let `ps -o comm` and `top` show what this process is; 15 characters at most. Does nothing outside Linux."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_NAME, name.encode()[:15], 0, 0, 0)


def command(argv: Sequence[str], *, orphan_signal: int, uid_gid: tuple[int, int] | None = None) -> list[str]:
    """Return the argument list that runs `argv` on a leash held by the calling process.

    `orphan_signal` is what it gets when the caller dies. `uid_gid` is the account to become; None keeps ours.
    """
    account = "-" if uid_gid is None else f"{uid_gid[0]}:{uid_gid[1]}"
    own = [sys.executable, "-I", "-S", __file__, str(int(orphan_signal)), str(os.getpid()), account]
    return [*own, *argv]


def _become(account: str) -> None:
    uid, gid = (int(part) for part in account.split(":"))
    os.setgroups([])
    os.setgid(gid)
    os.setuid(uid)


def _reset_signals() -> None:
    # Python ignores SIGPIPE and a shell's background job ignores SIGINT; both would survive the exec.
    for number in (signal.SIGINT, signal.SIGQUIT, signal.SIGTERM, signal.SIGPIPE, signal.SIGXFSZ):
        signal.signal(number, signal.SIG_DFL)


def main(arguments: Sequence[str]) -> None:
    """Become the account, put on the leash and turn into the program. Exits with 71 when that fails."""
    orphan_signal, parent_pid, account, *argv = arguments
    try:
        if account != "-":
            _become(account)
        _reset_signals()
        die_with_parent(int(orphan_signal), parent_pid=int(parent_pid))
        os.execv(argv[0], argv)  # noqa: S606  # no shell is meant
    except OSError as error:
        sys.stderr.write(f"cannot start {argv[0]}: {error}\n")
        sys.exit(EXIT_CANNOT_START)


if __name__ == "__main__":
    main(sys.argv[1:])
