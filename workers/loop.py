"""Do one kind of work again and again: when it is next due, when somebody says so, and every 15 seconds anyway.

A loop outlives whatever it meets: a database that went away is waited for with growing pauses. It ends only when its
process is to stop. Used by the sweeper and the listener.
"""

from collections.abc import Callable
from datetime import datetime
from threading import Event, Thread
from typing import Final

import structlog
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from workers.task import Tools

LONGEST_PAUSE_SECONDS: Final = 15.0
SHORTEST_PAUSE_SECONDS: Final = 0.2
_FAILURE_PAUSES_SECONDS: Final = (0.2, 0.5, 1.0, 2.0, 4.0)

_log = structlog.get_logger(__name__)

NextDue = Callable[[Session], datetime | None]


def pause_seconds(next_at: datetime | None, *, now: datetime) -> float:
    """Return how long to rest before work that is due at `next_at`, None for no known work."""
    if next_at is None:
        return LONGEST_PAUSE_SECONDS
    return min(max((next_at - now).total_seconds(), SHORTEST_PAUSE_SECONDS), LONGEST_PAUSE_SECONDS)


class Loop:
    """One kind of work, in a thread of its own.

    Args:
        work: Does what is due now.
        next_due: Asks the database when something is due again.
        wake: Ends the current pause when set.
    """

    def __init__(
        self, name: str, tools: Tools, *, work: Callable[[Tools], object], next_due: NextDue, wake: Event
    ) -> None:
        self._name = name
        self._tools = tools
        self._work = work
        self._next_due = next_due
        self._wake = wake
        self._failures = 0
        # A thread that hangs must not keep a process alive that was told to end.
        self._thread = Thread(target=self._run, name=name, daemon=True)

    def start(self) -> None:
        """Begin, and return at once."""
        self._thread.start()

    def end(self, *, within_seconds: float) -> bool:
        """Wait for the current work after the tools were told to end; say whether it ended in time."""
        self._thread.join(within_seconds)
        return not self._thread.is_alive()

    def _run(self) -> None:
        while not self._tools.stop.is_set():
            # Cleared before the work: what is asked for meanwhile is looked at afterwards.
            self._wake.clear()
            pause = self._round()
            if not self._tools.stop.is_set():
                self._wake.wait(pause)

    def _round(self) -> float:
        try:
            self._work(self._tools)
            with self._tools.unit_of_work() as (session, now):
                pause = pause_seconds(self._next_due(session), now=now)
        except DBAPIError as error:
            _log.warning("database not usable, trying again", loop=self._name, error=str(error.orig))
        except Exception:
            _log.exception("work failed, trying again", loop=self._name)
        else:
            self._failures = 0
            return pause
        self._failures += 1
        return _FAILURE_PAUSES_SECONDS[min(self._failures, len(_FAILURE_PAUSES_SECONDS)) - 1]
