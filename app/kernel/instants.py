"""Instants as the outside sees them."""

from datetime import UTC, datetime


def instant_text(at: datetime) -> str:
    """Return an instant as RFC 3339 in UTC with milliseconds, for example 2026-01-01T00:00:00.000Z."""
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
