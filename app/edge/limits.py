"""How many calls a key may make: asked here, counted by an adapter that the factory brings."""

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

WINDOW_SECONDS = 60


@dataclass(frozen=True)
class Quota:
    """What is left to a key in this minute, after the call that asked.

    `limit` is None where calls are not counted. `left` may be a little too low, because processes fetch calls ahead.
    `wait_seconds` is 0 when the call may go on.
    """

    limit: int | None = None
    left: int = 0
    resets_in_seconds: int = 0
    wait_seconds: int = 0


class Limiter(Protocol):
    """Counts calls per key."""

    def count(self, key: str, now: datetime) -> Quota:
        """Count one call and return what is left."""


class NoLimit:
    """Lets everything through; used when the limit is off."""

    def count(self, key: str, now: datetime) -> Quota:  # noqa: ARG002  # the protocol's names
        """Return that nothing is counted."""
        return Quota()
