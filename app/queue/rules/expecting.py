"""How long an item will have to wait, as far as that can honestly be said, and how often a queue is counted.

The wait is that of the items ahead: their number times the usual time of a verdict, shared among the people at work;
while nobody is at work just now, their number at the rate of the last hour. Without either there is no basis, and
nothing is said. Called when something comes in, by the doctor, and by those who count.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final, Protocol

COUNT_EVERY: Final = timedelta(seconds=15)
# Counting takes at most one part in so many of a queue's time.
COUNTING_SHARE: Final = 20
COUNT_AT_LEAST_EVERY: Final = timedelta(minutes=10)
# What was counted longer ago says nothing about now.
STALE_AFTER: Final = timedelta(minutes=30)
LONGEST_WAIT: Final = timedelta(days=366)


class Load(Protocol):
    """What a queue looked like when it was last counted."""

    @property
    def counted_at(self) -> datetime: ...
    @property
    def by_priority(self) -> Mapping[str, int]: ...
    @property
    def decided_last_hour(self) -> int: ...
    @property
    def handle_ms(self) -> int | None: ...
    @property
    def people_working(self) -> int: ...


def items_ahead(load: Load, *, priority: int) -> int:
    """Return how many items of a queue are served before one that comes in with this priority."""
    return sum(count for level, count in load.by_priority.items() if int(level) >= priority)


def expected_wait(load: Load | None, *, priority: int, now: datetime) -> timedelta | None:
    """Return how long an item that comes in now will wait, in working time; None without an honest basis."""
    if load is None or now - load.counted_at > STALE_AFTER:
        return None
    ahead = items_ahead(load, priority=priority)
    if load.people_working and load.handle_ms:
        wait = timedelta(milliseconds=ahead * load.handle_ms / load.people_working)
    elif load.decided_last_hour:
        wait = timedelta(hours=ahead / load.decided_last_hour)
    else:
        return None
    return min(wait, LONGEST_WAIT)


def count_again_after(took: timedelta) -> timedelta:
    """Return how long to leave a queue alone that took so long to count."""
    return min(max(took * COUNTING_SHARE, COUNT_EVERY), COUNT_AT_LEAST_EVERY)
