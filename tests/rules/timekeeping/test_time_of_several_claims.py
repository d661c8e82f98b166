"""One person, several claims open at once: every active second is booked once, and to the right claim."""

from dataclasses import replace
from datetime import timedelta

from app.timekeeping.rules import active_ms, segments
from tests.rules.timekeeping.claims import active_spans, active_total, at, beat, claim

S = 1_000


def test_the_claim_with_the_newest_input_owns_the_second() -> None:
    left = claim(100 * S, beat(60 * S), number=1)
    right = claim(100 * S, beat(40 * S), beat(80 * S), start_ms=20 * S, number=2)
    assert active_spans(segments(left, others=[right])) == [(0, 20 * S), (60 * S, 80 * S)]
    assert active_spans(segments(right, others=[left])) == [(20 * S, 60 * S), (80 * S, 100 * S)]


def test_a_tie_goes_to_the_earlier_claim_and_then_to_the_lower_id() -> None:
    earlier, later = claim(90 * S, beat(50 * S), number=9), claim(90 * S, beat(50 * S), start_ms=1, number=1)
    assert active_spans(segments(later, others=[earlier])) == [(1, 50 * S)]
    assert active_spans(segments(earlier, others=[later])) == [(0, 1), (50 * S, 90 * S)]
    twins = claim(90 * S, number=1), claim(90 * S, number=2)
    assert active_total(segments(twins[0], others=[twins[1]])) == 90 * S
    assert active_total(segments(twins[1], others=[twins[0]])) == 0


def test_a_hidden_tab_does_not_keep_the_second_from_the_one_in_front() -> None:
    front = claim(100 * S, beat(10 * S), number=1)
    behind = claim(100 * S, beat(30 * S, "hidden"), start_ms=20 * S, number=2)
    assert active_spans(segments(front, others=[behind])) == [(0, 20 * S), (30 * S, 100 * S)]


def test_a_claim_that_still_runs_takes_its_seconds_too() -> None:
    ended = claim(60 * S, beat(30 * S), number=1)
    running = claim(None, beat(40 * S), start_ms=40 * S, number=2)
    assert active_spans(segments(ended, others=[running])) == [(0, 40 * S)]
    assert active_ms(running, at(50 * S), others=[ended]) == 10 * S


def test_what_is_posted_never_moves_and_is_not_posted_again() -> None:
    late = claim(100 * S, beat(50 * S), number=2)
    ledger = [(99, 200), (10, 20), (12, 13), (15, 60)]
    found = segments(late, posted=[(at(start * S), at(stop * S)) for start, stop in ledger])
    assert active_spans(found) == [(0, 10 * S), (60 * S, 99 * S)]
    assert sum(segment.ms for segment in found) == 100 * S


def test_a_posted_part_of_a_millisecond_is_a_whole_one() -> None:
    part = timedelta(microseconds=1)
    found = segments(claim(50 * S), posted=[(at(10 * S) + part, at(20 * S) + part)])
    assert active_spans(found) == [(0, 10 * S), (20 * S + 1, 50 * S)]


def test_a_claim_does_not_compete_with_itself() -> None:
    alone = claim(50 * S, beat(20 * S))
    running = replace(alone, ended_at=None, beats=(*alone.beats, beat(60 * S, "active", 30 * S)))
    assert segments(alone, others=[running]) == segments(alone)
