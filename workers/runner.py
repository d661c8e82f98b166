"""Run the workers: a parent that only watches, and three children that work.

The listener takes hints from Redis, the sweeper finds what is due by itself, the sequencer numbers and seals; each is
a process with an engine of its own, because no engine crosses a fork. They are forked from the parent, which has
everything loaded and nothing open, and so they share its memory. The parent restarts a child that died within three
seconds, and on SIGTERM or SIGINT ends all after their current work, ten seconds at most. Called by the command line.
"""

import gc
import multiprocessing
import os
import signal
import sys
import time
from multiprocessing.process import BaseProcess
from types import FrameType
from typing import Final

import structlog
from sqlalchemy.orm import configure_mappers

from app.adapters.http_sender import default_tls
from app.kernel.clock import monotonic_ms
from app.settings import Settings
from workers.role import work

ROLES: Final = ("listener", "sequencer", "sweeper")
STOP_WITHIN_MS: Final = 10_000
_FIRST_PAUSE_MS: Final = 200
_LONGEST_PAUSE_MS: Final = 2_000
_DIED_YOUNG_MS: Final = 10_000
_WATCH_SECONDS: Final = 0.1
# Elsewhere than on Linux a fork may meet threads of the system's own.
_CONTEXT: Final = (
    multiprocessing.get_context("fork") if sys.platform == "linux" else multiprocessing.get_context("spawn")
)

_log = structlog.get_logger(__name__)


class Child:
    """One working process, started again with growing pauses when it keeps dying young."""

    def __init__(self, role: str, settings: Settings) -> None:
        self._role = role
        self._settings = settings
        self._pause_ms = _FIRST_PAUSE_MS
        self._start_at_ms = monotonic_ms()
        self._process: BaseProcess | None = None

    def watch(self) -> None:
        """Start the process when it does not run and its pause is over."""
        if self._process is not None and not self._process.is_alive():
            _log.warning("worker process died", role=self._role, code=self._process.exitcode)
            young = monotonic_ms() - self._start_at_ms < _DIED_YOUNG_MS
            self._pause_ms = min(self._pause_ms * 2, _LONGEST_PAUSE_MS) if young else _FIRST_PAUSE_MS
            self._start_at_ms = monotonic_ms() + self._pause_ms
            self._process = None
        if self._process is None and monotonic_ms() >= self._start_at_ms:
            self._start_at_ms = monotonic_ms()
            self._process = self._start()

    def _start(self) -> BaseProcess:
        process = _CONTEXT.Process(target=work, args=(self._role, self._settings, os.getpid()), name=self._role)
        process.start()
        return process

    def ask_to_end(self) -> None:
        """Send SIGTERM."""
        if self._process is not None:
            self._process.terminate()

    def end(self, *, deadline_ms: int) -> None:
        """Wait until it has ended; kill it when that takes too long."""
        if self._process is None:
            return
        self._process.join(max(0, deadline_ms - monotonic_ms()) / 1000)
        if self._process.is_alive():
            _log.warning("worker process killed, it did not end in time", role=self._role)
            self._process.kill()
            self._process.join()


def run_worker(settings: Settings) -> None:
    """Run the workers until SIGTERM or SIGINT. Call it from the main thread of a process without an engine."""
    signals: list[int] = []

    def note(signum: int, _frame: FrameType | None) -> None:
        signals.append(signum)

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, note)
    children = [Child(role, settings) for role in ROLES]
    # What is loaded and made by now is made once, and the children's collectors shall not write into every page of it.
    configure_mappers()
    default_tls()
    gc.collect()
    gc.freeze()
    try:
        while not signals:
            for child in children:
                child.watch()
            time.sleep(_WATCH_SECONDS)
    finally:
        for child in children:
            child.ask_to_end()
        deadline_ms = monotonic_ms() + STOP_WITHIN_MS
        for child in children:
            child.end(deadline_ms=deadline_ms)
