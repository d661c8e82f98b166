"""The order by value: by hand, and that the order of keys is the order of scores whenever it is looked at."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from app.queue.rules import explain_score, place_in_line, sort_key, value_of

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
HALF_LIFE_MS = 4 * 3_600_000


@dataclass(frozen=True)
class Placed:
    """An item as far as its place depends on it."""

    priority: int
    due_at: datetime
    log2_value: float
    terms: dict[str, object]


def placed(risk: str, confidence: float | None, minutes: float, hours: float, priority: int = 50) -> Placed:
    value = value_of(risks=[risk], confidence=confidence, field_confidences=[], expected_ms=round(minutes * 60_000))
    return Placed(priority, NOW + timedelta(hours=hours), value.log2, value.terms)


def key(item: Placed) -> int:
    return place_in_line(item, value_order=True, half_life_ms=HALF_LIFE_MS)


def score(item: Placed, now: datetime) -> float:
    found: float = explain_score(item.terms, due_at=item.due_at, half_life_ms=HALF_LIFE_MS, now=now)["score"]
    return found


def test_a_score_by_hand() -> None:
    item = placed("high", 0.75, 5, hours=8)
    # 10 x 0.25 x 2^-(8 h / 4 h) / 5 minutes
    assert score(item, NOW) == pytest.approx(10 * 0.25 * 0.25 / 5)
    explained = explain_score(item.terms, due_at=item.due_at, half_life_ms=HALF_LIFE_MS, now=NOW)
    assert explained == {
        "risk": "high",
        "risk_weight": 10,
        "probability_wrong": 0.25,
        "deadline_pressure": 0.25,
        "expected_minutes": 5.0,
        "score": pytest.approx(0.125),
    }


def test_what_is_not_known_is_in_the_middle_and_nothing_is_certain() -> None:
    def doubt(confidence: float | None, *fields: float | None) -> float:
        return value_of(risks=[], confidence=confidence, field_confidences=fields, expected_ms=None).doubt

    assert doubt(None) == 0.5
    assert doubt(1.0) == pytest.approx(0.01)
    assert doubt(0.0) == pytest.approx(0.99)
    assert doubt(0.9, 0.4, None) == pytest.approx(0.6)


def test_the_highest_risk_counts_and_an_unknown_one_does_not() -> None:
    value = value_of(risks=["low", "critical", "None"], confidence=None, field_confidences=[], expected_ms=0)
    assert (value.risk, value.expected_ms) == ("critical", 120_000)


def test_without_the_order_by_value_the_due_time_alone_counts() -> None:
    item = placed("critical", 0.1, 1, hours=8)
    assert place_in_line(item, value_order=False, half_life_ms=HALF_LIFE_MS) == sort_key(50, item.due_at)
    assert key(item) < sort_key(50, item.due_at)


ITEMS = st.builds(
    placed,
    st.sampled_from(["low", "medium", "high", "critical"]),
    st.none() | st.floats(0, 1),
    st.floats(0.1, 240),
    st.floats(-500, 500),
    st.integers(0, 100),
)


@given(ITEMS, ITEMS, st.floats(-2_000, 2_000))
def test_the_order_of_keys_is_that_of_scores_at_any_time(one: Placed, other: Placed, hours: float) -> None:
    now = NOW + timedelta(hours=hours)
    if one.priority != other.priority:
        assert (key(one) < key(other)) == (one.priority > other.priority)
        return
    first, second = score(one, now), score(other, now)
    # Closer than the thousandth of a second that the key has room for.
    assume(abs(first - second) > 1e-6 * max(first, second))
    assert (key(one) < key(other)) == (first > second)
