"""The one place that reads a clock.

A unit of work reads the database's time once and hands it down as `now`; services never look for themselves.
Leases are the exception that the product needs: what is compared after waiting for a lock is read after the lock.
Called by the edge, the workers and the few services that compare leases.
"""

import time
from datetime import UTC, datetime
from typing import Final

from sqlalchemy import text
from sqlalchemy.orm import Session

_READ_NOW: Final = text("SELECT clock_timestamp()")


def read_now(session: Session) -> datetime:
    """Return the database's wall clock at this instant, aware, in UTC."""
    now: datetime = session.scalar(_READ_NOW)
    return now.astimezone(UTC)


def host_now() -> datetime:
    """Return this host's wall clock in UTC: for signatures and log lines, never for a lease or a price."""
    return datetime.now(UTC)


def monotonic_ms() -> int:
    """Return milliseconds on a clock that never goes back; only differences mean anything."""
    return time.monotonic_ns() // 1_000_000
