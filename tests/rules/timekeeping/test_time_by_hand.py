"""Claims whose time was worked out by hand, to the millisecond: one line of the rule each."""

from dataclasses import replace
from datetime import timedelta

import pytest

from app.timekeeping.rules import ClaimTime, active_ms, segments
from tests.rules.timekeeping.claims import START, active_spans, at, beat, claim, ms_of

S = 1_000
HOUR = 3_600 * S

BY_HAND = {
    "no beat, decided at once": (claim(37 * S), [(0, 37 * S)]),
    "no beat, decided late: one cap": (claim(1_000 * S), [(0, 90 * S)]),
    "no beat, another cap": (claim(1_000 * S, cap_ms=30 * S), [(0, 30 * S)]),
    "beats in time join up": (claim(200 * S, beat(80 * S), beat(160 * S)), [(0, 200 * S)]),
    "the last beat pays one cap": (claim(HOUR, beat(15 * S)), [(0, 105 * S)]),
    "idle beats are paid from the last input": (
        claim(HOUR, *(beat(15 * S * n, "idle", 15 * S * n - 7_123) for n in range(1, 100))),
        [(0, 97_123)],
    ),
    "an input in the middle of a gap counts from there": (
        claim(400 * S, beat(20 * S, "idle", 20 * S), beat(110 * S, "active", 5 * S)),
        [(0, 90 * S), (105 * S, 195 * S)],
    ),
    "a lost hour is one cap, whatever age is said": (
        claim(HOUR + 10 * S, beat(HOUR, "active", 60 * S)),
        [(0, 90 * S), (HOUR, HOUR + 10 * S)],
    ),
    "a burst of invented ages is one cap too": (
        claim(HOUR, *(beat(HOUR - 10 * S + n, "idle", n * 90 * S) for n in range(40))),
        [(0, 90 * S), (HOUR - 10 * S, HOUR)],
    ),
    "so is a burst after a beat, though the browser's clock went on": (
        claim(HOUR, beat(10 * S), *(beat(HOUR - 10 * S + n, "idle", n * 90 * S) for n in range(38))),
        [(0, 100 * S), (HOUR - 10 * S, HOUR)],
    ),
    "a gap of just the cap is paid in full": (claim(90 * S, beat(90 * S)), [(0, 90 * S)]),
    "hidden stops at once": (
        claim(300 * S, beat(10 * S), beat(25 * S, "hidden"), beat(100 * S)),
        [(0, 25 * S), (100 * S, 190 * S)],
    ),
    "hidden to the end": (claim(300 * S, beat(1, "hidden")), [(0, 1)]),
    "an overtaken beat does not show a hidden page": (
        claim(300 * S, beat(20 * S, "hidden", seq=6), beat(20 * S + 3, "active", seq=5)),
        [(0, 20 * S)],
    ),
    "a beat after the end came too late": (
        claim(120 * S, beat(60 * S, "idle", 60 * S), beat(120 * S + 1, "active", 20 * S)),
        [(0, 90 * S)],
    ),
    "a beat with the decision counts": (
        claim(120 * S, beat(60 * S, "idle", 60 * S), beat(120 * S, "active", 20 * S)),
        [(0, 90 * S), (100 * S, 120 * S)],
    ),
    "a slow browser clock takes time away": (
        claim(100 * S, beat(10 * S, mono=0), beat(70 * S, mono=11_500)),
        [(0, 23_500), (70 * S, 100 * S)],
    ),
    "two seconds of lag are forgiven": (
        claim(100 * S, beat(10 * S, mono=0), beat(70 * S, mono=58 * S)),
        [(0, 100 * S)],
    ),
    "a fast browser clock gives nothing": (
        claim(300 * S, beat(10 * S, mono=0), beat(20 * S, mono=10**15)),
        [(0, 110 * S)],
    ),
    "a browser clock that stands still is worth two seconds a beat": (
        claim(60 * S, beat(10 * S, mono=7), beat(30 * S, mono=7), beat(50 * S, mono=7)),
        [(0, 12 * S), (30 * S, 32 * S), (50 * S, 60 * S)],
    ),
    "a clock that jumps back is a page loaded anew": (
        claim(60 * S, beat(10 * S, mono=500 * S), beat(40 * S, mono=0)),
        [(0, 60 * S)],
    ),
    "an age below zero is an input now": (claim(300 * S, beat(10 * S, "active", -(10**12))), [(0, 100 * S)]),
    "an age beyond the claim is the claim": (claim(300 * S, beat(10 * S, "idle", 10**15)), [(0, 90 * S)]),
    "a page without any input has only the claim": (claim(300 * S, beat(80 * S, "idle", None)), [(0, 90 * S)]),
    "seq said twice: the first one stands": (
        claim(300 * S, beat(10 * S, seq=1), beat(60 * S, seq=1)),
        [(0, 100 * S)],
    ),
    "a beat before the claim is a beat at the claim": (claim(300 * S, beat(-5 * S)), [(0, 90 * S)]),
}


@pytest.mark.parametrize(("worked", "expected"), BY_HAND.values(), ids=BY_HAND.keys())
def test_the_active_time_is_what_was_worked_out(worked: ClaimTime, expected: list[tuple[int, int]]) -> None:
    found = segments(worked)
    assert active_spans(found) == expected
    assert sum(segment.ms for segment in found) == ms_of(worked.ended_at or START)
    assert active_ms(worked, at(10 * HOUR)) == sum(stop - start for start, stop in expected)


def test_the_rest_of_the_claim_is_idle_in_order_and_without_holes() -> None:
    # A cut where a segment begins anyway cuts nothing.
    found = segments(claim(1_000 * S, beat(300 * S, "active")), cuts=[at(0), at(90 * S), at(1_000 * S)])
    assert [(s.kind, ms_of(s.starts_at), ms_of(s.ends_at), s.ms) for s in found] == [
        ("active", 0, 90 * S, 90 * S),
        ("idle_in_claim", 90 * S, 300 * S, 210 * S),
        ("active", 300 * S, 390 * S, 90 * S),
        ("idle_in_claim", 390 * S, 900 * S, 510 * S),
        ("idle_in_claim", 900 * S, 1_000 * S, 100 * S),
    ]


def test_segments_are_cut_at_quarter_hours_and_at_changes_of_rate_and_nowhere_else() -> None:
    beats = [beat(60 * S * n) for n in range(1, 31)]
    cut = START + timedelta(minutes=20, microseconds=1)
    found = segments(claim(1_800 * S, *beats), cuts=[cut, at(900 * S), at(-1), at(1_800 * S)])
    assert [ms_of(s.ends_at) for s in found] == [900 * S, 1_200 * S + 1, 1_800 * S]
    # Rounded up, the cut leaves no instant of the new segment before the change.
    assert found[2].starts_at >= cut


def test_blurred_time_counts_up_to_the_cap_and_is_flagged() -> None:
    found = segments(claim(300 * S, beat(10 * S), beat(30 * S, "blurred", 20 * S), beat(200 * S, "blurred", 190 * S)))
    assert [(s.kind, ms_of(s.starts_at), ms_of(s.ends_at), s.blurred) for s in found] == [
        ("active", 0, 30 * S, False),
        ("active", 30 * S, 100 * S, True),
        ("idle_in_claim", 100 * S, 300 * S, False),
    ]


def test_microseconds_are_dropped_once_and_the_sum_is_still_exact() -> None:
    odd = replace(
        claim(None, beat(500)),
        claimed_at=START + timedelta(microseconds=1_999),
        ended_at=START + timedelta(microseconds=90_000_999),
    )
    found = segments(odd)
    assert [(ms_of(s.starts_at), ms_of(s.ends_at), s.ms) for s in found] == [(1, 90_000, 89_999)]


@pytest.mark.parametrize("end_ms", [0, -3])
def test_a_claim_that_ended_as_it_began_has_no_segments(end_ms: int) -> None:
    assert segments(claim(end_ms, beat(0))) == ()
    assert active_ms(claim(None, beat(0)), at(end_ms)) == 0


def test_a_claim_that_still_runs_has_no_segments_yet() -> None:
    with pytest.raises(ValueError, match="ended"):
        segments(claim(None))


def test_the_running_clock_shows_what_would_be_booked_now() -> None:
    running = claim(None, beat(10 * S), beat(25 * S))
    assert [active_ms(running, at(now)) for now in (5 * S, 40 * S, 115 * S, HOUR)] == [5 * S, 40 * S, 115 * S, 115 * S]
