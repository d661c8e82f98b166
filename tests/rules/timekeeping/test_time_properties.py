"""What must hold for any beats whatever, honest or made up: the promises of the time rules."""

import random
import time
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import permutations

from hypothesis import given, settings
from hypothesis import strategies as st

from app.timekeeping.rules import Beat, ClaimTime, Segment, active_ms, segments
from app.timekeeping.rules.spans import Span, intersect, length, merge, subtract
from tests.rules.timekeeping.claims import CAP_MS, active_spans, active_total, at, beat, claim, ms_of

MINUTES = 60_000
STATES = st.sampled_from(["active", "idle", "hidden", "blurred"])
ODD = st.one_of(st.integers(-(2**53), 2**53), st.integers(-200_000, 200_000))
BEATS = st.builds(
    Beat,
    seq=st.one_of(st.integers(0, 12), st.integers(0, 2**53)),
    received_at=st.integers(-1_000, 31 * MINUTES * 1_000).map(lambda us: at(0) + timedelta(microseconds=us)),
    client_mono_ms=ODD,
    state=STATES,
    last_input_age_ms=st.none() | ODD,
)


@st.composite
def claims(draw: st.DrawFn, number: int = 1) -> ClaimTime:
    """Any claim within half an hour, with any beats."""
    start = draw(st.integers(0, 25 * MINUTES))
    end = draw(st.integers(start, 30 * MINUTES))
    beats = draw(st.lists(BEATS, max_size=12))
    return claim(end, *beats, start_ms=start, cap_ms=draw(st.sampled_from([30_000, 90_000, 300_000])), number=number)


@st.composite
def working_days(draw: st.DrawFn) -> list[ClaimTime]:
    """Up to four claims of one person that overlap as they like."""
    return [draw(claims(number=number)) for number in range(draw(st.integers(1, 4)))]


@st.composite
def honest_claims(draw: st.DrawFn) -> tuple[ClaimTime, list[int]]:
    """A claim whose page tells the truth: inputs at true instants, beats at most a cap apart; and those inputs."""
    gaps = draw(st.lists(st.integers(1, CAP_MS), min_size=1, max_size=15))
    inputs = sorted(draw(st.lists(st.integers(0, sum(gaps)), max_size=10)))
    beats = [honest_beat(sum(gaps[: n + 1]), inputs) for n in range(len(gaps))]
    return claim(sum(gaps) + draw(st.integers(0, 2 * CAP_MS)), *beats), inputs


def honest_beat(ms: int, inputs: Sequence[int]) -> Beat:
    """Return the beat that a truthful page sends `ms` after the claim."""
    latest = max((at_ms for at_ms in inputs if at_ms <= ms), default=None)
    return beat(ms, "idle", None if latest is None else ms - latest)


def heard_spans(of: ClaimTime) -> list[Span]:
    """Return one cap after the claim and after each receive time: the most that presence can be worth."""
    start, end = ms_of(of.claimed_at), ms_of(of.ended_at or of.claimed_at)
    heard = [ms_of(b.received_at) for b in of.beats if of.ended_at is None or b.received_at <= of.ended_at]
    reach = merge((max(start, ms), max(start, ms) + of.cap_ms) for ms in [start, *heard])
    return intersect(reach, [(start, end)] if start < end else [])


def post(order: Sequence[ClaimTime]) -> list[tuple[Segment, ...]]:
    """Return the segments of claims posted one after another, each knowing the ones not posted yet."""
    posted: list[tuple[Segment, ...]] = []
    for position, one in enumerate(order):
        ledger = [(s.starts_at, s.ends_at) for booked in posted for s in booked if s.kind == "active"]
        posted.append(segments(one, others=order[position + 1 :], posted=ledger))
    return posted


@given(claims())
def test_segments_are_the_whole_claim_once_and_in_order(any_claim: ClaimTime) -> None:
    found = segments(any_claim)
    edges = [any_claim.claimed_at, *(s.ends_at for s in found)] if found else []
    assert [s.starts_at for s in found] == edges[:-1]
    assert sum(s.ms for s in found) == ms_of(any_claim.ended_at or at(0)) - ms_of(any_claim.claimed_at)
    assert all(s.ms == (s.ends_at - s.starts_at) // timedelta(milliseconds=1) > 0 for s in found)


@given(claims())
def test_forged_numbers_never_add_a_millisecond_to_what_presence_is_worth(any_claim: ClaimTime) -> None:
    assert active_total(segments(any_claim)) <= length(heard_spans(any_claim))


@given(claims())
def test_between_two_signs_of_life_at_most_one_cap_is_active(any_claim: ClaimTime) -> None:
    spans = active_spans(segments(any_claim))
    received = sorted(ms_of(b.received_at) for b in any_claim.beats)
    edges = [ms_of(any_claim.claimed_at), *received, ms_of(any_claim.ended_at or at(0))]
    for start, stop in zip(sorted(edges), sorted(edges)[1:], strict=False):
        assert length(intersect(spans, [(start, stop)])) <= any_claim.cap_ms


@given(claims())
def test_no_segment_ends_later_than_one_cap_after_the_last_sign_of_life(any_claim: ClaimTime) -> None:
    last = max([any_claim.claimed_at, *(b.received_at for b in any_claim.beats)])
    limit = min(last + timedelta(milliseconds=any_claim.cap_ms), any_claim.ended_at or last)
    assert all(s.ends_at <= limit for s in segments(any_claim) if s.kind == "active")


@given(claims(), st.randoms(use_true_random=False))
def test_the_order_and_the_repetition_of_beats_change_nothing(any_claim: ClaimTime, chance: random.Random) -> None:
    beats = [*any_claim.beats, *any_claim.beats[:5]]
    again = [replace(b, received_at=b.received_at + timedelta(seconds=40), state="active") for b in any_claim.beats]
    chance.shuffle(beats)
    assert segments(replace(any_claim, beats=tuple(beats))) == segments(any_claim)
    assert segments(replace(any_claim, beats=(*again, *beats))) == segments(any_claim)


@given(claims(), st.lists(st.integers(0, 31 * MINUTES * 1_000), max_size=6))
def test_cuts_never_change_the_sum(any_claim: ClaimTime, cuts: list[int]) -> None:
    instants = [at(0) + timedelta(microseconds=us) for us in cuts]
    found = segments(any_claim, cuts=instants)
    assert active_spans(found) == active_spans(segments(any_claim))
    whole = timedelta(milliseconds=1)
    assert not [1 for s in found for c in instants if s.starts_at < c and s.ends_at > c + whole]
    assert all(ms_of(s.starts_at) // (15 * MINUTES) == (ms_of(s.ends_at) - 1) // (15 * MINUTES) for s in found)


@given(claims())
def test_a_hidden_page_is_never_active(any_claim: ClaimTime) -> None:
    beats = sorted(any_claim.beats, key=lambda b: b.received_at)
    hidden = [replace(b, state="hidden", seq=n) for n, b in enumerate(beats)]
    found = active_spans(segments(replace(any_claim, beats=tuple(hidden))))
    first = max(ms_of(any_claim.claimed_at), *(ms_of(b.received_at) for b in hidden[:1])) if hidden else None
    assert first is None or all(stop <= first for _, stop in found)


@given(claims())
def test_seeing_less_of_the_page_never_pays_more(any_claim: ClaimTime) -> None:
    shown = replace(any_claim, beats=tuple(replace(b, state="active") for b in any_claim.beats))
    assert not subtract(active_spans(segments(any_claim)), active_spans(segments(shown)))


@given(st.integers(1, 960), st.integers(0, CAP_MS))
def test_a_tab_left_open_overnight_is_paid_one_cap_after_the_last_input(beats: int, last_input: int) -> None:
    signs = [honest_beat(15_000 * n, [last_input]) for n in range(1, beats + 1)]
    night = claim(12 * 60 * MINUTES, *signs)
    seen = last_input if any(sign.last_input_age_ms is not None for sign in signs) else 0
    assert active_spans(segments(night)) == [(0, seen + CAP_MS)]


@given(honest_claims())
def test_a_truthful_page_is_paid_one_cap_after_each_true_input(told: tuple[ClaimTime, list[int]]) -> None:
    honest, inputs = told
    end = ms_of(honest.ended_at or at(0))
    expected = intersect(merge((ms, ms + CAP_MS) for ms in [0, *inputs]), [(0, end)])
    seen = [ms for ms in inputs if ms <= ms_of(honest.beats[-1].received_at)]
    assert seen == inputs
    missed = [ms for n, ms in enumerate(inputs) if not reported(honest, ms, inputs[n + 1 :])]
    assert not subtract(active_spans(segments(honest)), expected)
    if not missed:
        assert active_spans(segments(honest)) == expected


def reported(honest: ClaimTime, ms: int, later: Sequence[int]) -> bool:
    """Return whether a beat came between this input and the next, so that the server could learn of it."""
    following = later[0] if later else None
    return any(
        ms <= ms_of(b.received_at) and (following is None or ms_of(b.received_at) < following) for b in honest.beats
    )


@given(honest_claims(), st.integers(0, 20 * CAP_MS))
def test_one_more_truthful_idle_beat_changes_nothing(told: tuple[ClaimTime, list[int]], where: int) -> None:
    honest, inputs = told
    known = [ms for ms in inputs if reported(honest, ms, [other for other in inputs if other > ms])]
    end = ms_of(honest.ended_at or at(0))
    extra = honest_beat(min(where, end), known)
    assert active_spans(segments(replace(honest, beats=(*honest.beats, extra)))) == active_spans(segments(honest))


@settings(max_examples=60)
@given(working_days())
def test_one_person_never_has_two_active_milliseconds_at_once_in_any_order(day: list[ClaimTime]) -> None:
    alone = merge(span for one in day for span in active_spans(segments(one)))
    for order in permutations(day):
        posted = [span for booked in post(order) for span in active_spans(booked)]
        assert length(posted) == length(merge(posted))
        # Nothing is lost either: together they are what the claims were active, each by itself.
        assert merge(posted) == alone


@settings(max_examples=60)
@given(working_days(), st.integers(0, 30 * MINUTES))
def test_a_claim_that_is_posted_while_others_run_still_shares_no_millisecond(day: list[ClaimTime], now: int) -> None:
    first, later = day[0], day[1:]
    running = [replace(c, ended_at=None, beats=tuple(b for b in c.beats if ms_of(b.received_at) <= now)) for c in later]
    booked = [s for s in segments(first, others=running) if s.kind == "active"]
    rest = post_after(later, [(s.starts_at, s.ends_at) for s in booked])
    spans = [*active_spans(booked), *rest]
    assert length(spans) == length(merge(spans))


def post_after(order: Sequence[ClaimTime], ledger: list[tuple[datetime, datetime]]) -> list[Span]:
    """Return the active spans of claims posted after what the ledger holds already."""
    spans: list[Span] = []
    for position, one in enumerate(order):
        found = [s for s in segments(one, others=order[position + 1 :], posted=ledger) if s.kind == "active"]
        ledger = [*ledger, *((s.starts_at, s.ends_at) for s in found)]
        spans += active_spans(found)
    return spans


@given(claims(), st.integers(0, 40 * MINUTES))
def test_the_running_clock_is_the_sum_of_the_segments(any_claim: ClaimTime, now: int) -> None:
    stopped = replace(any_claim, ended_at=min(at(now), any_claim.ended_at or at(now)))
    assert active_ms(any_claim, at(now)) == active_total(segments(stopped))


def test_four_hours_of_beats_are_counted_in_under_ten_milliseconds() -> None:
    beats = [beat(15_000 * n, "active", n % 7 * 1_000) for n in range(1, 961)]
    long = claim(4 * 60 * MINUTES, *beats)
    runs = []
    for _ in range(10):
        began = time.process_time()
        found = segments(long, cuts=[at(77 * MINUTES)])
        runs.append(time.process_time() - began)
    assert active_total(found) == 4 * 60 * MINUTES
    # The best of ten in processor time, so that a busy machine does not decide.
    assert min(runs) < 0.010
