"""Measure a recorded session as if it had been a review here: the ledger's own rule, applied to somebody else's record.

So the rule can be held against a stopwatch, another tool's log, or a study, before anybody is paid by it.
Called by the command line.
"""

from collections.abc import Sequence
from typing import Final
from uuid import UUID

from app.timekeeping.rules.activity import Beat, ClaimTime
from app.timekeeping.rules.segments import active_ms
from app.timekeeping.rules.spans import from_ms

_NOBODY: Final = UUID(int=0)


def measure(at_ms: Sequence[int], *, cap_ms: int) -> int:
    """Return the active milliseconds that the ledger would book for a session.

    Its first event counts as the claim, its last as the end, and each as a beat with an input of that instant. With
    such evidence the rule comes to the sum of the gaps, each counted up to the cap.

    Args:
        at_ms: When something was done in it, in whole milliseconds of any clock, in any order.

    Raises:
        ValueError: there are no events, or the cap is not positive.
    """
    if not at_ms or cap_ms <= 0:
        raise ValueError("a session needs an event, and a cap is more than nothing")
    begin, end = min(at_ms), max(at_ms)
    beats = tuple(Beat(seq, from_ms(at), at - begin, "active", 0) for seq, at in enumerate(sorted(at_ms)))
    return active_ms(ClaimTime(_NOBODY, from_ms(begin), from_ms(end), beats, cap_ms), from_ms(end))
