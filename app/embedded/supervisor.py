"""Keeps a set of child processes alive, in order, and takes all of them down with it.

Promise: a child that dies is started again within 3 s; stopping goes in reverse order and always ends; after the
supervisor is gone, even by SIGKILL, the kernel tells its children, and nothing that carries its mark survives a stop.
Children are started from the main thread only, since the kernel ties their leash to the thread that forked them.
The stack gives it the private servers, `proofdesk up` adds web and worker.
"""

import contextlib
import logging
import os
import select
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import FrameType

from app.embedded.leftovers import RUN_MARK, stop_marked
from app.kernel import leash
from app.kernel.errors import Conflict

FIRST_DELAY_SECONDS = 0.1
LONGEST_DELAY_SECONDS = 2.0
STEADY_SECONDS = 30.0
LOOK_SECONDS = 0.02
ECHO_SECONDS = 1.0
HURRIED_SECONDS = 0.5
LOG_TAIL_BYTES = 2000

_log = logging.getLogger(__name__)


class ChildFailed(Conflict):
    """A child process did not become ready."""


class StopRequested(Conflict):
    """Somebody asked for the stop while the children were still being started."""


class WrongThread(Conflict):
    """Children live as long as the thread that starts them: start them from the main thread."""


@dataclass(frozen=True)
class StopStep:
    """One polite request to end: a signal, and how long it may take."""

    signum: int
    seconds: float


@dataclass(frozen=True, kw_only=True)
class Child:
    """What to run and how to treat it.

    `environment` is the whole environment (None: ours). `before` runs ahead of every start. `ready` gets the pid and
    says whether it serves. `orphan_signal` is what it gets when the supervisor dies. `log` takes its output
    (None: ours). `marked` lets it, and what it forks, be found by the run's mark; servers are found by their folder.
    """

    name: str
    argv: Sequence[str]
    environment: Mapping[str, str] | None = None
    uid_gid: tuple[int, int] | None = None
    folder: Path | None = None
    log: Path | None = None
    before: Callable[[], None] | None = None
    ready: Callable[[int], bool] | None = None
    ready_seconds: float = 60.0
    marked: bool = True
    orphan_signal: int = signal.SIGTERM
    stop_steps: Sequence[StopStep] = (StopStep(signal.SIGTERM, 10.0),)


@dataclass
class _Running:
    child: Child
    process: subprocess.Popen[bytes]
    started: float
    delay: float = FIRST_DELAY_SECONDS
    restart_due: float | None = None


class Supervisor:
    """A set of children in the order of their start. `mark` names the run; its processes can be found by it."""

    def __init__(self, *, mark: str | None = None) -> None:
        self._mark = mark
        self._running: list[_Running] = []
        self._requests = 0
        self._restore: contextlib.ExitStack = contextlib.ExitStack()
        self._wake: socket.socket | None = None
        self._stopping = False
        self._asked = 0.0

    def pid_of(self, name: str) -> int | None:
        """The process id of the child called `name`; None while it is down."""
        for running in self._running:
            if running.child.name == name and running.restart_due is None:
                return running.process.pid
        return None

    def start(self, child: Child) -> None:
        """Start `child` and wait until it is ready. Raises ChildFailed, StopRequested or WrongThread."""
        if threading.current_thread() is not threading.main_thread():
            raise WrongThread
        if self._requests:
            raise StopRequested
        running = _Running(child=child, process=self._spawn(child), started=time.monotonic())
        self._running.append(running)
        deadline = running.started + child.ready_seconds
        while child.ready is not None and not child.ready(running.process.pid):
            if self._requests:
                raise StopRequested
            if _has_ended(running.process) or time.monotonic() > deadline:
                self._running.remove(running)
                self._take_down(running)
                raise ChildFailed(f"{child.name} did not start. {_log_tail(child)}")
            time.sleep(LOOK_SECONDS)

    def catch_signals(self) -> None:
        """Turn SIGINT, SIGTERM and a closed terminal into a request to stop, until `stop` is over."""
        reader, writer = socket.socketpair()
        for end in (reader, writer):
            end.setblocking(False)
            self._restore.callback(end.close)
        self._restore.callback(setattr, self, "_wake", None)
        self._wake = reader
        previous = signal.set_wakeup_fd(writer.fileno(), warn_on_full_buffer=False)
        self._restore.callback(signal.set_wakeup_fd, previous)
        self._handle(signal.SIGCHLD, lambda _number, _frame: None)
        self._handle(signal.SIGINT, self._on_signal)
        self._handle(signal.SIGTERM, self._on_signal)
        if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:
            self._handle(signal.SIGHUP, self._on_signal)

    def request_stop(self) -> None:
        """Make `run` return, within a second. A second request cuts short the polite waits of the stop."""
        self._requests += 1

    def run(self) -> None:
        """Keep every child alive until a stop is requested. The caller then calls `stop`."""
        while not self._requests:
            self._bury()
            now = time.monotonic()
            for running in self._running:
                if running.restart_due is not None and running.restart_due <= now:
                    self._start_again(running)
            due = [running.restart_due - now for running in self._running if running.restart_due is not None]
            self._rest(max(0.0, min([1.0, *due])))

    def stop(self) -> None:
        """Stop all children, the last started first, and wait for their end. Safe to call twice."""
        self._stopping = True
        while self._running:
            self._take_down(self._running.pop())
        if self._mark is not None:
            stop_marked(self._mark)
        self._restore.close()

    def _handle(self, number: int, handler: Callable[[int, FrameType | None], None]) -> None:
        previous = signal.signal(number, handler)
        self._restore.callback(signal.signal, number, previous or signal.SIG_DFL)

    def _on_signal(self, _number: int, _frame: FrameType | None) -> None:
        # One Ctrl-C may arrive twice, from the terminal and from whatever runs us.
        if self._requests and time.monotonic() - self._asked < ECHO_SECONDS:
            return
        self._asked = time.monotonic()
        self.request_stop()
        if self._requests > 1 and not self._stopping:
            # The caller does something long between the starts, and the person insists.
            raise KeyboardInterrupt

    def _spawn(self, child: Child) -> subprocess.Popen[bytes]:
        if child.before is not None:
            child.before()
        environment = dict(os.environ if child.environment is None else child.environment)
        if self._mark is not None and child.marked:
            environment[RUN_MARK] = self._mark
        with _output(child.log) as output:
            return subprocess.Popen(
                leash.command(child.argv, orphan_signal=child.orphan_signal, uid_gid=child.uid_gid),
                env=environment,
                cwd=child.folder,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                process_group=0,
            )

    def _start_again(self, running: _Running) -> None:
        try:
            running.process = self._spawn(running.child)
        except (OSError, Conflict) as error:
            _log.warning("%s could not be started again: %s", running.child.name, error)
            self._schedule(running)
            return
        running.started = time.monotonic()
        running.restart_due = None

    def _schedule(self, running: _Running) -> None:
        now = time.monotonic()
        if now - running.started > STEADY_SECONDS:
            running.delay = FIRST_DELAY_SECONDS
        running.restart_due = now + running.delay
        running.delay = min(running.delay * 2, LONGEST_DELAY_SECONDS)

    def _bury(self) -> None:
        for running in self._running:
            if running.restart_due is None and _has_ended(running.process):
                code = _end_group(running.process)
                _log.warning("%s ended with %s and is started again", running.child.name, code)
                self._schedule(running)
        if os.getpid() == 1:
            _reap_orphans({running.process.pid for running in self._running})

    def _rest(self, seconds: float) -> None:
        """Sleep, but wake for any signal, the end of a child among them."""
        if self._wake is None:
            time.sleep(min(seconds, LOOK_SECONDS))
            return
        ready, _, _ = select.select([self._wake], [], [], seconds)
        if ready:
            self._wake.recv(4096)

    def _take_down(self, running: _Running) -> None:
        if running.restart_due is not None:
            return
        process = running.process
        for step in running.child.stop_steps:
            if _has_ended(process):
                break
            process.send_signal(step.signum)
            begun = time.monotonic()
            while not _has_ended(process) and time.monotonic() - begun < self._patience(step):
                time.sleep(LOOK_SECONDS)
        _end_group(process)

    def _patience(self, step: StopStep) -> float:
        return step.seconds if self._requests < 2 else min(step.seconds, HURRIED_SECONDS)


@contextlib.contextmanager
def _output(log: Path | None) -> Iterator[int | None]:
    if log is None:
        yield None
        return
    handle = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    try:
        yield handle
    finally:
        os.close(handle)


def _has_ended(process: subprocess.Popen[bytes]) -> bool:
    """Whether it ended, without reaping it: until then its group's number cannot be given to another process."""
    if process.returncode is not None:
        return True
    if sys.platform == "darwin":
        return process.poll() is not None
    try:
        return os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None
    except ChildProcessError:
        return True


def _end_group(process: subprocess.Popen[bytes]) -> int:
    """Kill what is left of the child and of what it forked, reap it and return its exit code."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
    return process.wait()


def _reap_orphans(own: set[int]) -> None:
    """As process 1 of a container we inherit every orphan; reap those that ended."""
    while sys.platform != "darwin":
        try:
            ended = os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)
        except ChildProcessError:
            return
        if ended is None or ended.si_pid in own:
            return
        os.waitpid(ended.si_pid, 0)


def _log_tail(child: Child) -> str:
    if child.log is None or not child.log.exists():
        return ""
    return child.log.read_bytes()[-LOG_TAIL_BYTES:].decode(errors="replace").strip()
