"""Claims as short values, for the tests of time rules: everything in seconds or milliseconds after START."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from uuid import UUID

from app.timekeeping.rules import Beat, BeatState, ClaimTime, Segment

# On a quarter hour, so that the first cut comes 15 minutes later.
START = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
CAP_MS = 90_000


def at(ms: int) -> datetime:
    """Return the instant `ms` milliseconds after START."""
    return START + timedelta(milliseconds=ms)


def ms_of(instant: datetime) -> int:
    """Return the milliseconds from START to an instant."""
    return (instant - START) // timedelta(milliseconds=1)


def beat(
    ms: int, state: BeatState = "active", age_ms: int | None = 0, *, seq: int | None = None, mono: int | None = None
) -> Beat:
    """Return a beat received `ms` after START; by default its seq and its clock follow from that honestly."""
    return Beat(ms if seq is None else seq, at(ms), ms if mono is None else mono, state, age_ms)


def claim(end_ms: int | None, *beats: Beat, start_ms: int = 0, cap_ms: int = CAP_MS, number: int = 1) -> ClaimTime:
    """Return a claim from `start_ms` to `end_ms` after START."""
    ended_at = None if end_ms is None else at(end_ms)
    return ClaimTime(UUID(int=number), at(start_ms), ended_at, beats, cap_ms)


def active_spans(found: Sequence[Segment]) -> list[tuple[int, int]]:
    """Return the active segments as milliseconds after START, neighbours joined."""
    spans: list[tuple[int, int]] = []
    for segment in found:
        if segment.kind != "active":
            continue
        start, stop = ms_of(segment.starts_at), ms_of(segment.ends_at)
        if spans and spans[-1][1] == start:
            spans[-1] = (spans[-1][0], stop)
        else:
            spans.append((start, stop))
    return spans


def active_total(found: Sequence[Segment]) -> int:
    """Return the active milliseconds of all segments."""
    return sum(segment.ms for segment in found if segment.kind == "active")
