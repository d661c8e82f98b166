"""To which day an entry belongs: its own, or that of its posting once its own is closed. Pure."""

from datetime import datetime


def dated(at: datetime, posted_at: datetime, closed_until: datetime | None) -> datetime | None:
    """Return the day of an entry whose own, `at`, was closed when it was posted, or None: then it is its own."""
    return posted_at if closed_until is not None and at < closed_until else None
