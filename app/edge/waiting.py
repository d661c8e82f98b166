"""Answer later: a request that waits for something to happen, without holding a database connection.

A view that would rather answer later raises NotYet; its unit of work ends, and after a pause the whole view runs
again, keys and rights included. At most half the threads of a process may wait, and ten requests of one key; the
others are answered at once.
"""

import threading
from collections import Counter
from typing import Final

from flask import current_app, g

from app.edge.context import principal
from app.kernel.clock import monotonic_ms

PER_KEY: Final = 10
LOOK_EVERY_MS: Final = 250

_waiting: Counter[str] = Counter()
_lock: Final = threading.Lock()
_never: Final = threading.Event()


class NotYet(Exception):
    """The view wants to run again after a pause."""


def may_wait(seconds: int) -> bool:
    """Say whether this request may go on waiting, `seconds` in all since it first asked."""
    if seconds <= 0:
        return False
    if "wait_until_ms" not in g:
        if not _enter(str(principal().actor.id), current_app.config["WAITERS"]):
            return False
        g.waits_as = str(principal().actor.id)
        g.wait_until_ms = monotonic_ms() + seconds * 1000
    return bool(monotonic_ms() < g.wait_until_ms)


def pause() -> None:
    """Let some time pass, and no more than is left."""
    left_ms = max(0, g.wait_until_ms - monotonic_ms())
    _never.wait(min(LOOK_EVERY_MS, left_ms) / 1000)


def stop_waiting() -> None:
    """Leave the room if this request was in it."""
    key = g.pop("waits_as", None)
    if key is not None:
        with _lock:
            _waiting[key] -= 1
            if not _waiting[key]:
                del _waiting[key]


def _enter(key: str, places: int) -> bool:
    with _lock:
        if _waiting.total() >= places or _waiting[key] >= PER_KEY:
            return False
        _waiting[key] += 1
        return True
