"""Where to begin to look for the first item in line, when much that is gone lies before it.

While an old snapshot is open somewhere, a report or a backup, the database keeps every row version that was claimed
since, and each look at the head of a line walks over all of them. What matters then is to begin behind them. A place is
kept only after a look that had to walk far, for those who ask for the same skills, for at most a second, and the
look after that begins at the very front again: so whatever came in before the place meanwhile, from any process, waits
no longer than that second, and where the walk is short it waits for nothing. Kept by each process for itself.
Called by those who hand items out.
"""

import threading
from collections.abc import Mapping, Sequence
from typing import Final
from uuid import UUID

from app.kernel.clock import monotonic_ms
from app.queue.rules import Worker

FRONT: Final = -(2**63)
# A look that walks over more places than this is worth a place to begin at.
LONG_WALK: Final = 300
# A place holds for so many times as long as the look at the front took, so that those cost a twentieth of the time.
HOLDS_TIMES: Final = 20
HOLDS_MS: Final = (50, 1_000)

_Line = tuple[UUID, tuple[str, ...], bool]


class Floors:
    """The places that one process knows."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._places: dict[_Line, tuple[int, int]] = {}

    def begin(self, worker: Worker) -> list[int]:
        """Return, for each of a worker's queues, the sort key to begin at.

        Of those who find a place worn out, one looks at the front while the others go on with it.
        """
        now_ms = monotonic_ms()
        with self._lock:
            if not self._places:
                return [FRONT] * len(worker.queues)
            return [self._begin(_line(worker, queue), now_ms) for queue in worker.queues]

    def _begin(self, line: _Line, now_ms: int) -> int:
        key, until_ms = self._places.get(line, (FRONT, 0))
        if now_ms < until_ms:
            return key
        if key != FRONT:
            if now_ms > until_ms + HOLDS_MS[1]:
                del self._places[line]
            else:
                self._places[line] = key, now_ms + HOLDS_MS[0]
        return FRONT

    def learn(
        self, worker: Worker, *, begun: Sequence[int], heads: Mapping[UUID, int], walked: int, took_ms: float
    ) -> None:
        """Remember where the heads of a worker's queues were found, by a look that began at `begun`.

        Args:
            walked: Over how many places of the index the look went, for all queues together.
        """
        if walked < LONG_WALK and not self._places:
            return
        until_ms = monotonic_ms() + max(HOLDS_MS[0], min(HOLDS_MS[1], int(took_ms * HOLDS_TIMES)))
        with self._lock:
            for queue, start in zip(worker.queues, begun, strict=True):
                line = _line(worker, queue)
                if queue not in heads:
                    continue
                if start != FRONT:
                    self._raise(line, heads[queue])
                elif walked >= LONG_WALK:
                    self._places[line] = heads[queue], until_ms
                else:
                    self._places.pop(line, None)

    def _raise(self, line: _Line, key: int) -> None:
        known = self._places.get(line)
        if known is not None and key > known[0]:
            self._places[line] = key, known[1]

    def forget(self, worker: Worker) -> None:
        """Begin at the front of all of a worker's queues: behind her places nothing is left."""
        with self._lock:
            for queue in worker.queues:
                self._places.pop(_line(worker, queue), None)


def _line(worker: Worker, queue: UUID) -> _Line:
    return queue, worker.skills, worker.lead
