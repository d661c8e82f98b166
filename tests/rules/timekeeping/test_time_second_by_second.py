"""The time rules against a second telling of them: ask of every single second whether it was active."""

from hypothesis import given
from hypothesis import strategies as st

from app.timekeeping.rules import Beat, ClaimTime, segments
from tests.rules.timekeeping.claims import active_spans, at, claim, ms_of

S = 1_000
CAP = 30
SECONDS = st.integers(0, 150)
BEATS = st.builds(
    Beat,
    seq=st.integers(0, 15),
    received_at=SECONDS.map(lambda second: at(second * S)),
    client_mono_ms=SECONDS.map(lambda second: second * S),
    state=st.sampled_from(["active", "active", "idle", "hidden", "blurred"]),
    last_input_age_ms=st.none() | st.integers(-5, 100).map(lambda second: second * S),
)


def every_second(of: ClaimTime, end: int) -> list[int]:
    """Return the active seconds of a claim from second 0 to `end`, found one by one."""
    ordered = sorted(
        of.beats, key=lambda b: (b.received_at, b.seq, b.client_mono_ms, b.last_input_age_ms or -1, b.state)
    )
    beats: list[Beat] = []
    for one in ordered:
        if ms_of(one.received_at) <= end * S and one.seq not in [b.seq for b in beats]:
            beats.append(one)
    inputs = [0] + [
        ms_of(b.received_at) - max(0, b.last_input_age_ms) for b in beats if b.last_input_age_ms is not None
    ]
    spent = [0] * (len(beats) + 1)
    active: list[int] = []
    for second in range(end):
        now = second * S
        heard = [b for b in beats if ms_of(b.received_at) <= now]
        age = now - max(ms for ms in inputs if ms <= now)
        hidden = bool(heard) and max(heard, key=lambda b: b.seq).state == "hidden"
        if age < CAP * S and not hidden and spent[len(heard)] < most(beats, len(heard)):
            spent[len(heard)] += S
            active.append(second)
    return active


def most(beats: list[Beat], gap: int) -> int:
    """Return the most milliseconds that the gap after this many beats may hold."""
    if 0 < gap < len(beats):
        passed = beats[gap].client_mono_ms - beats[gap - 1].client_mono_ms
        return CAP * S if passed < 0 else min(CAP * S, passed + 2 * S)
    return CAP * S


@given(st.integers(0, 150), st.lists(BEATS, max_size=15))
def test_every_second_is_active_by_the_rule_told_the_other_way_round(end: int, beats: list[Beat]) -> None:
    told = claim(end * S, *beats, cap_ms=CAP * S)
    counted = [ms // S for start, stop in active_spans(segments(told)) for ms in range(start, stop, S)]
    assert counted == every_second(told, end)
