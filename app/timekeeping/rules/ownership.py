"""Whose second it is when one person has several claims open at once, in two tabs or two workspaces.

One person never has two active milliseconds at the same instant, and none is lost either: what is active in several
claims belongs to exactly one of them. What the ledger already holds never moves. Called by segments.py.
"""

from bisect import bisect_right
from collections.abc import Sequence
from datetime import datetime
from itertools import pairwise

from app.timekeeping.rules.activity import Activity, ClaimTime, activity
from app.timekeeping.rules.spans import Span, intersect, merge, subtract, to_ms, to_ms_up


def owned(
    claim: ClaimTime, own: Activity, others: Sequence[ClaimTime], posted: Sequence[tuple[datetime, datetime]]
) -> list[Span]:
    """Return the active spans that fall to this claim.

    Where several claims are active, the one with the newest input at that instant owns it, ties go to the earlier
    claim. Spans already posted for the person are then taken out, rounded outwards to whole milliseconds.
    """
    spans = list(own.active)
    for other in others:
        if other.id != claim.id and spans:
            spans = subtract(spans, _lost(claim, own, spans, other))
    return subtract(spans, merge((to_ms(start), to_ms_up(stop)) for start, stop in posted))


def _lost(claim: ClaimTime, own: Activity, spans: Sequence[Span], other: ClaimTime) -> list[Span]:
    """Return the parts of `spans` in which the other claim is active too and has the better right."""
    rival = activity(other)
    # Exact instants decide, so that two claims of one millisecond still have an order that never changes.
    rival_wins_ties = (other.claimed_at, other.id) < (claim.claimed_at, claim.id)
    lost: list[Span] = []
    for start, stop in intersect(spans, rival.active):
        changes = {start, *_between(own.inputs, start, stop), *_between(rival.inputs, start, stop)}
        edges = [*sorted(changes), stop]
        for here, there in pairwise(edges):
            mine, theirs = _latest(own.inputs, here), _latest(rival.inputs, here)
            if theirs > mine or (theirs == mine and rival_wins_ties):
                lost.append((here, there))
    return merge(lost)


def _between(inputs: Sequence[int], start: int, stop: int) -> Sequence[int]:
    return inputs[bisect_right(inputs, start) : bisect_right(inputs, stop - 1)]


def _latest(inputs: Sequence[int], at: int) -> int:
    """Return the newest input at or before `at`; there is one wherever a claim is active, the claim itself."""
    return inputs[bisect_right(inputs, at) - 1]
