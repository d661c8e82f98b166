"""A claim's time as the ledger books it: segments, active or idle, that together are the whole claim.

The milliseconds of the segments always add up to the claim, and each equals its end minus its start. No segment
crosses a quarter hour (UTC) or one of the given cuts, so that reports by period need no splitting and each segment
has one price. Called by the services of timekeeping.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final, Literal

from app.timekeeping.rules.activity import ClaimTime, activity
from app.timekeeping.rules.ownership import owned
from app.timekeeping.rules.spans import Span, from_ms, intersect, length, subtract, to_ms, to_ms_up

SegmentKind = Literal["active", "idle_in_claim"]

#: Of the rule by which seconds are counted (docs/decisions/007). Whoever changes what a beat is worth raises it.
RULE_VERSION: Final = 1
_QUARTER_MS: Final = 15 * 60 * 1_000


@dataclass(frozen=True, slots=True)
class Segment:
    """A credited interval, half-open, in UTC. `blurred`: active, but another window had the focus."""

    kind: SegmentKind
    starts_at: datetime
    ends_at: datetime
    ms: int
    blurred: bool


def segments(
    claim: ClaimTime,
    *,
    others: Sequence[ClaimTime] = (),
    posted: Sequence[tuple[datetime, datetime]] = (),
    cuts: Iterable[datetime] = (),
) -> tuple[Segment, ...]:
    """Return the whole claim as segments in order of time.

    `others` are the same person's claims that overlap this one and are not posted yet, running or ended; `posted`
    are the active intervals that the ledger already holds for the person, in any workspace; `cuts` are instants
    that no segment may cross, such as changes of rate. Time that another claim owns is idle here, because this
    claim was open too. Instants are read in whole milliseconds, rounded down, and cuts rounded up, so that what
    starts at a cut never starts before it. A claim that ended when it began has no segments.

    Raises:
        ValueError: the claim still runs.
    """
    if claim.ended_at is None:
        raise ValueError("only a claim that has ended has segments")
    own = activity(claim)
    spans = owned(claim, own, others, posted)
    blurred = intersect(spans, own.blurred)
    focused = subtract(spans, blurred)
    whole = (to_ms(claim.claimed_at), to_ms(claim.ended_at))
    idle = subtract([whole], spans)
    at = sorted({to_ms_up(cut) for cut in cuts} | set(_quarters(whole)))
    found = [
        *(_segment("active", span, blurred=False) for span in _cut(focused, at)),
        *(_segment("active", span, blurred=True) for span in _cut(blurred, at)),
        *(_segment("idle_in_claim", span, blurred=False) for span in _cut(idle, at)),
    ]
    return tuple(sorted(found, key=lambda segment: segment.starts_at))


def active_ms(
    claim: ClaimTime,
    at: datetime,
    *,
    others: Sequence[ClaimTime] = (),
    posted: Sequence[tuple[datetime, datetime]] = (),
) -> int:
    """Return the active milliseconds of the claim so far: what `segments` would count if it ended at `at`."""
    ended_at = at if claim.ended_at is None else min(at, claim.ended_at)
    ended = replace(claim, ended_at=ended_at)
    return length(owned(ended, activity(ended), others, posted))


def _quarters(whole: Span) -> range:
    """Return the quarter hours inside the claim; quarters of UTC are multiples of 15 minutes since 1970."""
    start, stop = whole
    return range(start - start % _QUARTER_MS + _QUARTER_MS, stop, _QUARTER_MS)


def _cut(spans: Sequence[Span], at: Sequence[int]) -> list[Span]:
    """Return the spans, split at the given instants, which are in order."""
    pieces: list[Span] = []
    position = 0
    for begin, stop in spans:
        start = begin
        while position < len(at) and at[position] <= start:
            position += 1
        while position < len(at) and at[position] < stop:
            pieces.append((start, at[position]))
            start = at[position]
            position += 1
        pieces.append((start, stop))
    return pieces


def _segment(kind: SegmentKind, span: Span, *, blurred: bool) -> Segment:
    start, stop = span
    return Segment(kind, from_ms(start), from_ms(stop), stop - start, blurred)
