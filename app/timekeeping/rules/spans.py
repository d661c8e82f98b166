"""Intervals of time as pairs of whole milliseconds since 1970, and the few set operations that time rules need.

Half-open, so that neighbours share an instant but no millisecond. Every result is sorted and without overlap, and
every operation is linear once its input is sorted. Knows nothing of claims or beats.
Called by the other modules of this package only.
"""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Final

Span = tuple[int, int]

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MS: Final = timedelta(milliseconds=1)


def to_ms(at: datetime) -> int:
    """Return an aware instant as milliseconds since 1970, rounded down."""
    return (at - _EPOCH) // _MS


def to_ms_up(at: datetime) -> int:
    """Return an aware instant as milliseconds since 1970, rounded up."""
    return -((_EPOCH - at) // _MS)


def from_ms(ms: int) -> datetime:
    """Return the instant, in UTC, that lies this many milliseconds after 1970."""
    return _EPOCH + ms * _MS


def merge(spans: Iterable[Span]) -> list[Span]:
    """Return the union; spans that overlap or touch become one, empty ones vanish."""
    merged: list[Span] = []
    for start, stop in sorted(spans):
        if stop <= start:
            continue
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(stop, merged[-1][1]))
        else:
            merged.append((start, stop))
    return merged


def intersect(one: Sequence[Span], other: Sequence[Span]) -> list[Span]:
    """Return what lies in both; each must be sorted and without overlap."""
    common: list[Span] = []
    left = right = 0
    while left < len(one) and right < len(other):
        start = max(one[left][0], other[right][0])
        stop = min(one[left][1], other[right][1])
        if start < stop:
            common.append((start, stop))
        if one[left][1] <= other[right][1]:
            left += 1
        else:
            right += 1
    return common


def subtract(spans: Sequence[Span], taken: Sequence[Span]) -> list[Span]:
    """Return what lies in `spans` but not in `taken`; each must be sorted and without overlap."""
    kept: list[Span] = []
    first = 0
    for begin, stop in spans:
        start = begin
        while first < len(taken) and taken[first][1] <= start:
            first += 1
        # `first` stays where it is: what is taken here may reach into the next span too.
        position = first
        while position < len(taken) and taken[position][0] < stop:
            if start < taken[position][0]:
                kept.append((start, taken[position][0]))
            start = taken[position][1]
            position += 1
        if start < stop:
            kept.append((start, stop))
    return kept


def earliest(spans: Iterable[Span], limit: int) -> list[Span]:
    """Return the first `limit` milliseconds of sorted spans."""
    kept: list[Span] = []
    left = limit
    for start, stop in spans:
        if left <= 0:
            break
        kept.append((start, min(stop, start + left)))
        left -= stop - start
    return kept


def length(spans: Iterable[Span]) -> int:
    """Return the milliseconds that spans without overlap hold."""
    return sum(stop - start for start, stop in spans)
