"""When one claim was active, judged by its own beats alone.

An instant is active when it lies less than the cap after the latest input and the page was visible. Receive times
create time: between two of them at most the cap is active, whatever ages, clocks and numbers the browser sends.
Other claims of the same person are not looked at here; ownership.py does that. Called by ownership.py, segments.py.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal
from uuid import UUID

from app.timekeeping.rules.spans import Span, earliest, intersect, merge, to_ms

BeatState = Literal["active", "idle", "hidden", "blurred"]

# The browser's clock may lag this far behind ours between two beats before it takes time away.
MONO_GRACE_MS: Final = 2_000


@dataclass(frozen=True, slots=True)
class Beat:
    """One sign of life. `last_input_age_ms` is None when the page has seen no input at all."""

    seq: int
    received_at: datetime
    client_mono_ms: int
    state: BeatState
    last_input_age_ms: int | None


@dataclass(frozen=True, slots=True)
class ClaimTime:
    """What is known of a claim's time. `ended_at` is None while it runs; `cap_ms` is its task type's cap."""

    id: UUID
    claimed_at: datetime
    ended_at: datetime | None
    beats: tuple[Beat, ...]
    cap_ms: int


@dataclass(frozen=True, slots=True)
class Activity:
    """One claim's own evidence, in milliseconds: active spans, blurred spans, and its inputs in order."""

    active: tuple[Span, ...]
    blurred: tuple[Span, ...]
    inputs: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class _Gap:
    """The time between two receive times: how the page was, and the most that may be active."""

    span: Span
    state: BeatState
    limit_ms: int


def activity(claim: ClaimTime) -> Activity:
    """Return when the claim was active by its own beats, without regard to the person's other claims."""
    begin = to_ms(claim.claimed_at)
    beats = _heard(claim)
    # The claim is an input too, so that one said to lie before it changes nothing.
    inputs = sorted({begin, *_inputs(beats)})
    end = _end_ms(claim, begin, beats)
    awake = intersect(merge((at, at + claim.cap_ms) for at in inputs), [(begin, end)])
    gaps = list(_gaps(beats, (begin, end), claim.cap_ms))
    return Activity(
        active=tuple(_counted(awake, gaps)),
        blurred=tuple(merge(gap.span for gap in gaps if gap.state == "blurred")),
        inputs=tuple(inputs),
    )


def _heard(claim: ClaimTime) -> list[Beat]:
    """Return the beats that count, in the order in which they were received.

    Receive time is the one order for everything, because only the server's word is trusted: a made-up seq or clock
    then cannot move a beat. Seq only tells repeats apart and breaks ties. What comes after the end came too late.
    """
    first: dict[int, Beat] = {}
    for beat in sorted(claim.beats, key=_order):
        if claim.ended_at is None or beat.received_at <= claim.ended_at:
            first.setdefault(beat.seq, beat)
    return list(first.values())


def _order(beat: Beat) -> tuple[datetime, int, int, int, str]:
    age = -1 if beat.last_input_age_ms is None else beat.last_input_age_ms
    return (beat.received_at, beat.seq, beat.client_mono_ms, age, beat.state)


def _inputs(beats: Sequence[Beat]) -> Iterator[int]:
    """Yield the instant of the latest input that each beat reports; none lies after the beat itself."""
    for beat in beats:
        if beat.last_input_age_ms is not None:
            yield to_ms(beat.received_at) - max(0, beat.last_input_age_ms)


def _end_ms(claim: ClaimTime, begin: int, beats: Sequence[Beat]) -> int:
    """Return the end of the claim; one that still runs is judged as far as its beats reach."""
    if claim.ended_at is not None:
        return max(begin, to_ms(claim.ended_at))
    last = to_ms(beats[-1].received_at) if beats else begin
    return max(begin, last) + claim.cap_ms


def _gaps(beats: Sequence[Beat], whole: Span, cap_ms: int) -> Iterator[_Gap]:
    """Yield the gaps between claim, beats and end, each with the state that the page had in it.

    The state is that of the highest seq heard so far: a beat that was overtaken on its way says how the page was,
    and must not show a page that has since been hidden. A browser clock that jumps back is a page loaded anew.
    """
    begin, end = whole
    state: BeatState = "active"
    newest: int | None = None
    start, limit = begin, cap_ms
    for position, beat in enumerate(beats):
        if position > 0:
            delta = beat.client_mono_ms - beats[position - 1].client_mono_ms
            limit = cap_ms if delta < 0 else min(cap_ms, delta + MONO_GRACE_MS)
        stop = max(begin, to_ms(beat.received_at))
        yield _Gap((start, stop), state, limit)
        if newest is None or beat.seq > newest:
            newest, state = beat.seq, beat.state
        start = stop
    yield _Gap((start, end), state, cap_ms)


def _counted(awake: Sequence[Span], gaps: Sequence[_Gap]) -> list[Span]:
    """Return the awake time that counts: in visible gaps, and in each the earliest up to its limit.

    The limit of one cap to a gap is what keeps ages honest: without it a burst of beats with invented ages could
    fill hours in which nothing was heard. A page that beats more often than its cap never meets it.
    """
    counted: list[Span] = []
    first = 0
    for gap in gaps:
        start, stop = gap.span
        while first < len(awake) and awake[first][1] <= start:
            first += 1
        last = first
        while last < len(awake) and awake[last][0] < stop:
            last += 1
        if gap.state != "hidden":
            counted += earliest(intersect(awake[first:last], [gap.span]), gap.limit_ms)
    return merge(counted)
