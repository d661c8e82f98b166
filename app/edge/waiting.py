"""Answer later: a request that waits for something to happen, without holding a database connection.

A view that would rather answer later raises NotYet; its unit of work ends, and when its topic is rung, or after a
pause, the whole view runs again, keys and rights included. At most half the threads of a process may wait, and ten
requests of one key; the others are answered at once.
"""

import threading
from collections import Counter
from dataclasses import dataclass
from typing import Final, Protocol

from flask import current_app, g

from app.edge.context import principal
from app.kernel.clock import monotonic_ms

PER_KEY: Final = 10


class Bell(Protocol):
    """Wakes who waits for a topic; see app/adapters/redis_bell.py."""

    def enter(self, topic: str) -> None:
        """Begin to wait."""

    def leave(self, topic: str) -> None:
        """End to wait."""

    def heard(self, topic: str) -> int:
        """Return how often it was rung."""

    def wait(self, topic: str, heard: int, *, at_most_seconds: float) -> None:
        """Return when it was rung again, or when it is time to look anyway."""


class NotYet(Exception):
    """The view wants to run again after a pause."""


@dataclass(frozen=True)
class Seat:
    """A place of one request among those who wait for a topic."""

    room: "WaitingRoom"
    key: str
    topic: str

    def heard(self) -> int:
        """Return how often the topic was rung. Read it before looking, so that a ring during the look is not missed."""
        return self.room.bell.heard(self.topic)

    def wait(self, heard: int, *, at_most_seconds: float) -> None:
        """Return when the topic was rung again, or when it is time to look anyway."""
        self.room.bell.wait(self.topic, heard, at_most_seconds=at_most_seconds)

    def leave(self) -> None:
        """Give the place back."""
        self.room.leave(self)


class WaitingRoom:
    """Those who wait in one process: at most `places`, and PER_KEY of one key."""

    def __init__(self, bell: Bell, *, places: int) -> None:
        self.bell = bell
        self._places = places
        self._taken: Counter[str] = Counter()
        self._lock = threading.Lock()

    def enter(self, key: str, topic: str) -> Seat | None:
        """Take a place if there is one."""
        with self._lock:
            if self._taken.total() >= self._places or self._taken[key] >= PER_KEY:
                return None
            self._taken[key] += 1
        self.bell.enter(topic)
        return Seat(self, key, topic)

    def leave(self, seat: Seat) -> None:
        """Give a place back."""
        self.bell.leave(seat.topic)
        with self._lock:
            self._taken[seat.key] -= 1
            if not self._taken[seat.key]:
                del self._taken[seat.key]


def take_seat(topic: str) -> Seat | None:
    """Take a place in this process's waiting room for who asks."""
    room: WaitingRoom = current_app.extensions["waiting_room"]
    return room.enter(str(principal().actor.id), topic)


def may_wait(seconds: int, *, topic: str) -> bool:
    """Say whether this request may go on waiting, `seconds` in all since it first asked.

    Args:
        topic: What it waits for: the hex digits of a submission's or a workspace's id.
    """
    if seconds <= 0:
        return False
    if "seat" not in g:
        seat = take_seat(topic)
        if seat is None:
            return False
        g.seat, g.wait_until_ms = seat, monotonic_ms() + seconds * 1000
        # What happened between this look and now was rung before anybody listened: look once more, at once.
        g.look_at_once = True
    return bool(monotonic_ms() < g.wait_until_ms)


def pause() -> None:
    """Let some time pass until there may be something new, and no more than is left."""
    if not g.pop("look_at_once", False):
        left_ms = max(0, g.wait_until_ms - monotonic_ms())
        g.seat.wait(g.heard, at_most_seconds=left_ms / 1000)
    g.heard = g.seat.heard()


def stop_waiting() -> None:
    """Leave the room if this request was in it."""
    seat: Seat | None = g.pop("seat", None)
    if seat is not None:
        seat.leave()
