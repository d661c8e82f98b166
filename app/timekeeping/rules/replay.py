"""Measure a recorded session as if it had been a review here: the ledger's own rule, applied to somebody else's record.

So the rule can be held against a stopwatch, another tool's log, or a study, before anybody is paid by it.
Called by the command line.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from app.timekeeping.rules.activity import Beat, ClaimTime
from app.timekeeping.rules.segments import active_ms
from app.timekeeping.rules.spans import from_ms

_NOBODY: Final = UUID(int=0)


@dataclass(frozen=True, slots=True)
class Recorded:
    """One recorded session: when something was done in it, in whole milliseconds of any clock, in any order."""

    at_ms: tuple[int, ...]

    @property
    def wall_ms(self) -> int:
        """Return the time from its first event to its last."""
        return max(self.at_ms) - min(self.at_ms)


def measure(session: Recorded, *, cap_ms: int) -> int:
    """Return the active milliseconds that the ledger would book for a session.

    Its first event counts as the claim, its last as the end, and each as a beat with an input of that instant. With
    such evidence the rule comes to the sum of the gaps, each counted up to the cap.

    Raises:
        ValueError: the session has no events, or the cap is not positive.
    """
    if not session.at_ms or cap_ms <= 0:
        raise ValueError("a session needs an event, and a cap is more than nothing")
    begin, *_, end = order = sorted([*session.at_ms, max(session.at_ms)])
    beats = tuple(Beat(seq, from_ms(at), at - begin, "active", 0) for seq, at in enumerate(order))
    claim = ClaimTime(_NOBODY, from_ms(begin), from_ms(end), beats, cap_ms)
    return active_ms(claim, from_ms(end))


def quantile(ordered: Sequence[int], share: float) -> float:
    """Return the value below which a share of the sorted values lies, interpolated as PostgreSQL's percentile_cont is.

    Raises:
        ValueError: there are no values.
    """
    if not ordered:
        raise ValueError("nothing has no quantile")
    place = share * (len(ordered) - 1)
    low = int(place)
    high = min(low + 1, len(ordered) - 1)
    return ordered[low] + (ordered[high] - ordered[low]) * (place - low)
