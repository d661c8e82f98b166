"""How many calls a key may make: asked here, counted by an adapter that the factory brings."""

from datetime import datetime
from typing import Protocol


class Limiter(Protocol):
    """Counts calls per key."""

    def seconds_to_wait(self, key: str, now: datetime) -> int:
        """Count one call; return 0 when it may go on, else the seconds until it may be tried again."""


class NoLimit:
    """Lets everything through; used when the limit is off."""

    def seconds_to_wait(self, key: str, now: datetime) -> int:  # noqa: ARG002  # the protocol's names
        """Return 0."""
        return 0
