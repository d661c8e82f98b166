"""Do together what several threads ask for at the same moment.

Whoever comes while nobody works does its own task at once; whoever comes meanwhile waits, and the first of those does
the tasks of all. So nobody waits for company, and under load the fixed price of a piece of work is paid once for many
(flat combining: Hendler, Incze, Shavit and Tzafrir, SPAA 2010).
Knows no product word. Called by the doors.
"""

import logging
import threading
from collections.abc import Callable, Sequence
from typing import Generic, TypeVar

Task = TypeVar("Task")
Result = TypeVar("Result")
_log = logging.getLogger(__name__)


class _Slot(Generic[Task, Result]):
    """A task, its result, and the wait of the thread that brought it."""

    def __init__(self, task: Task) -> None:
        self.task = task
        self.result: Result | None = None
        self.done = False
        self.turn = threading.Event()


class Combiner(Generic[Task, Result]):
    """Lets one thread at a time work for all that wait.

    Args:
        work: Does many tasks and returns a result for each, in their order; None where one has to be done alone.
        most: Tasks that are done in one go.
    """

    def __init__(self, work: Callable[[Sequence[Task]], Sequence[Result | None]], *, most: int) -> None:
        self._work = work
        self._most = most
        self._lock = threading.Lock()
        self._waiting: list[_Slot[Task, Result]] = []
        self._busy = False

    def __len__(self) -> int:
        """How many wait and have not been begun."""
        return len(self._waiting)

    def do(self, task: Task) -> Result | None:
        """Return the result of the task; None when it has to be done alone, as all have to when the work failed."""
        slot = _Slot[Task, Result](task)
        with self._lock:
            self._waiting.append(slot)
            leads, self._busy = not self._busy, True
        if not leads:
            slot.turn.wait()
        if not slot.done:
            self._lead()
        return slot.result

    def _lead(self) -> None:
        """Do what waits, this thread's task among it, and hand on to the first of those that came meanwhile."""
        with self._lock:
            group, self._waiting = self._waiting[: self._most], self._waiting[self._most :]
        try:
            results = self._work([slot.task for slot in group])
            for slot, result in list(zip(group, results, strict=True)):
                slot.result = result
        except Exception as error:
            # Each task alone meets its fault again, and raises it in the thread that it belongs to.
            _log.info("%d tasks are done alone: %s", len(group), error)
        finally:
            for slot in group:
                slot.done = True
                slot.turn.set()
            with self._lock:
                self._busy = bool(self._waiting)
                if self._waiting:
                    self._waiting[0].turn.set()
