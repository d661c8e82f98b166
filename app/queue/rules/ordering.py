"""An item's place in line, as one integer, so that a claim is one range of one index.

Priority comes first, then the due time; items with both the same are served by age, because ids grow with time.

A queue may order by value instead: what is at stake for each minute of work,

    score(now) = risk weight x probability wrong x 2^(-(due - now) / half-life) / expected minutes.

The pressure of the deadline doubles with each half-life. Because `now` is in every score alike, the order never
changes with time: the larger score is the smaller due - half-life x log2(risk weight x probability wrong / minutes),
and that virtual due time simply stands in the place of the due time. So it costs a claim nothing.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import log2
from typing import Any, Final, Protocol

MAX_PRIORITY: Final = 100
# Room for the milliseconds of the years until 2527 below the priority's bits.
_DUE_BITS: Final = 44

RISK_WEIGHTS: Final[Mapping[str, int]] = {"low": 1, "medium": 3, "high": 10, "critical": 30}
# Nobody is quite sure, and nothing is quite hopeless: without these bounds one number would drown all others.
LEAST_DOUBT: Final = 0.01
MOST_DOUBT: Final = 0.99
UNKNOWN_DOUBT: Final = 0.5
DEFAULT_EXPECTED_MS: Final = 120_000


def sort_key(priority: int, due_at: datetime, *, ahead_ms: int = 0) -> int:
    """Return the place in line: higher priority first, then the earlier due time (to the millisecond).

    Args:
        ahead_ms: How much earlier than its due time an item stands because of its value.
    """
    due_ms = max(0, int(due_at.timestamp() * 1000) - ahead_ms)
    return ((MAX_PRIORITY - priority) << _DUE_BITS) | min(due_ms, (1 << _DUE_BITS) - 1)


@dataclass(frozen=True)
class Value:
    """What is at stake in one item: `risk` a word of RISK_WEIGHTS, `doubt` the probability that it is wrong."""

    risk: str
    doubt: float
    expected_ms: int

    @property
    def log2(self) -> float:
        """Return log2 of risk weight x doubt / expected minutes."""
        return log2(RISK_WEIGHTS[self.risk] * self.doubt / (self.expected_ms / 60_000))

    @property
    def terms(self) -> dict[str, Any]:
        """Return the factors, JSON-ready, for those who ask why an item stands where it stands."""
        return {"risk": self.risk, "doubt": round(self.doubt, 4), "expected_ms": self.expected_ms}


def value_of(
    *,
    risks: Iterable[str],
    confidence: float | None,
    field_confidences: Iterable[float | None],
    expected_ms: int | None,
) -> Value:
    """Return the value of reviewing an output: its highest risk, its lowest confidence, its expected time."""
    known = [c for c in (confidence, *field_confidences) if c is not None]
    doubt = 1 - min(known) if known else UNKNOWN_DOUBT
    return Value(
        risk=max((r for r in risks if r in RISK_WEIGHTS), key=RISK_WEIGHTS.__getitem__, default="low"),
        doubt=min(max(doubt, LEAST_DOUBT), MOST_DOUBT),
        expected_ms=max(expected_ms or DEFAULT_EXPECTED_MS, 1_000),
    )


class Placed(Protocol):
    """What an item's place in line depends on."""

    @property
    def priority(self) -> int: ...
    @property
    def due_at(self) -> datetime: ...
    @property
    def log2_value(self) -> float: ...


def place_in_line(item: Placed, *, value_order: bool, half_life_ms: int) -> int:
    """Return the sort key of an item in a queue that orders by value, or by due time."""
    ahead_ms = int(half_life_ms * item.log2_value) if value_order else 0
    return sort_key(item.priority, item.due_at, ahead_ms=ahead_ms)


def explain_score(terms: Mapping[str, Any], *, due_at: datetime, half_life_ms: int, now: datetime) -> dict[str, Any]:
    """Return the factors of an item's score and the score itself, as they are at `now`."""
    value = Value(terms["risk"], terms["doubt"], terms["expected_ms"])
    half_lives = (due_at - now) / timedelta(milliseconds=half_life_ms)
    pressure = 2.0 ** min(max(-half_lives, -1000.0), 1000.0)
    minutes = value.expected_ms / 60_000
    return {
        "risk": value.risk,
        "risk_weight": RISK_WEIGHTS[value.risk],
        "probability_wrong": value.doubt,
        "deadline_pressure": pressure,
        "expected_minutes": minutes,
        "score": RISK_WEIGHTS[value.risk] * value.doubt * pressure / minutes,
    }
